"""Names as drawn and the ids made of them."""

import re
import unicodedata
from functools import lru_cache

_XML_ID = re.compile(r"(?:[A-Za-z][A-Za-z0-9_.-]*:)?[A-Za-z_][A-Za-z0-9_.-]*")


@lru_cache(maxsize=2_000)
def plain(text: str) -> str:
    """The text without accents, in lower case, its spaces single: 'Sí ' as 'si'. Letters of any script stay."""
    if text.isascii():
        return " ".join(text.lower().split())
    letters = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(unicodedata.normalize("NFKC", letters.lower()).split())


def slug(name: str) -> str:
    """A node's id from its name: 'Emisión DTE' as 'emision_dte', 'Проверка' as 'проверка'."""
    return re.sub(r"[\W_]+", "_", plain(name)).strip("_")


def xml_id(text: str) -> str:
    """An id that BPMN allows, from one that may not be: Bizagi's own ids often begin with a digit. A good one stays.

    A good id is one that the portal's viewer takes: ASCII letters, digits, `_`, `-` and `.`, with or without prefix.
    """
    if _XML_ID.fullmatch(text):
        return text
    made = re.sub(r"[^A-Za-z0-9_.-]", lambda found: f"_{ord(found[0]):x}_", text)
    return made if _XML_ID.fullmatch(made) else f"Id_{made}"


def unique(wanted: str, taken: dict[str, int]) -> str:
    """`wanted`, with a number behind it where it is taken; it is taken from then on.

    `taken` holds every name with the next number to try, so that a name used very often stays cheap.
    """
    name = wanted
    while name in taken:
        name = f"{wanted}_{taken[wanted]}"
        taken[wanted] += 1
    taken[name] = 2
    return name
