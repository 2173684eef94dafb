"""Texts as a document carries them: ISO-8859-1, cut to the field's length, and both said."""

import unicodedata
from collections.abc import Callable

type Remark = Callable[[str], None]
"""Takes a sentence about what was changed."""

# Signs of typography that ISO-8859-1 lacks, and what people write instead.
_PLAIN = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "€": "EUR", "•": "*", "™": "(TM)"}
)


def encodable(text: str) -> str:
    """The text in letters of ISO-8859-1.

    A letter that it lacks becomes its base letter ('č' is 'c'), any other sign '?'; control characters become spaces.
    """
    plain = "".join(_letter(letter) for letter in text.translate(_PLAIN))
    return " ".join(plain.split())


def _letter(letter: str) -> str:
    if not letter.isprintable():
        return " "
    if ord(letter) < 256:
        return letter
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if base.isprintable() and ord(base) < 256 else "?"


def fit(text: str, length: int, field: str, remark: Remark) -> str:
    """The text as the field takes it; what was replaced or cut is told to `remark`."""
    written = encodable(text)
    if written != " ".join(text.split()):
        remark(f"{field}: signs that ISO-8859-1 lacks are replaced")
    if len(written) <= length:
        return written
    remark(f"{field}: cut to {length} characters")
    return written[:length].rstrip()
