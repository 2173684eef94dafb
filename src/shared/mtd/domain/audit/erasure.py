"""Takes a person's data out of an order.

Lines, sums, dates and the tax document's number stay: they belong to the seller's books. The buyer's data go.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import xml
from mtd.domain.tax.rut import ANONYMOUS_BUYER, FOREIGN_BUYER, check_digit, normalise
from mtd.domain.tax.wire.wire_text import encodable

ERASED = "erased"
_SHORTEST = 4
"""An erasure does not look for shorter values in texts: words about other things would match."""
_PARTIES = frozenset(
    {"BuyerCustomerParty", "OriginatorCustomerParty", "AccountingCustomerParty", "Delivery", "PaymentMeans", "Contact"}
)


def person_of(asked: str) -> tuple[str, str]:
    """The kind and value that find a person: (`rut`, '12345678-5') or (`email`, 'ana@example.cl').

    Raises RejectedOrder for any other text, and for the RUTs that the SII gives to all anonymous buyers.
    """
    text = asked.strip()
    if "@" in text and len(text) <= 320 and not any(letter.isspace() for letter in text):
        return "email", text.lower()
    if "@" in text:
        raise RejectedOrder(
            f"{text[:80]!r} is neither a RUT nor a mail address: give one of the two", code="person_malformed"
        )
    if text.isascii() and text.isdecimal():
        raise RejectedOrder(_two_readings(text), code="rut_ambiguous")
    number = normalise(text)
    if number in (ANONYMOUS_BUYER, FOREIGN_BUYER):
        raise RejectedOrder(
            f"RUT {number} stands for all buyers without a name: give the person's mail address instead",
            code="person_malformed",
        )
    return "rut", number


def _two_readings(digits: str) -> str:
    """An erasure has no way back: whether the last digit is the check digit must be said by the dash."""
    number = int(digits)
    own, other = f"{number // 10}-{number % 10}", f"{number}-{check_digit(number)}"
    first = f"{own} or {other}" if check_digit(number // 10) == own[-1] else other
    return f"{digits[:20]} has no dash, so its check digit cannot be told: write {first}"


def values_of(document: Mapping[str, Any]) -> frozenset[str]:
    """The texts by which an order's document names its buyer, as they may stand in other texts."""
    buyer = document.get("buyer") or {}
    identifiers = {buyer.get(name) for name in ("id", "name", "rut", "email", "address")} | {document.get("gift_card")}
    values = {value for value in identifiers if isinstance(value, str) and len(value) >= _SHORTEST and value != ERASED}
    # As a tax document writes them: an incident keeps what Paperless was asked.
    values |= {form for value in tuple(values) if len(form := escape(encodable(value))[:100].rstrip()) >= _SHORTEST}
    return frozenset(values).union(*map(_rut_forms, values))


def _rut_forms(value: str) -> frozenset[str]:
    """A RUT with its points, and without any sign; nothing for another text."""
    if match := re.fullmatch(r"(\d{1,2})(\d{3})(\d{3})-([\dkK])", value):
        return frozenset({f"{match[1]}.{match[2]}.{match[3]}-{match[4]}", f"{match[1]}{match[2]}{match[3]}{match[4]}"})
    return frozenset()


def identifiers_of(kind: str, value: str) -> frozenset[str]:
    """The texts that stand for the person of `person_of`, wherever they are."""
    return frozenset({value}) | (_rut_forms(value) if kind == "rut" else frozenset())


def names_person(text: str, identifiers: Iterable[str]) -> bool:
    """Whether one of the identifiers stands in the text by itself: 76543216 is no part of 9176543216."""
    found = "|".join(re.escape(each) for each in identifiers)
    return re.search(rf"(?<![\w.+%-])(?<!\d\.)(?:{found})(?![\w-])(?!\.\d)", text, re.IGNORECASE) is not None


def erased_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without its buyer. The country stays, because the tax document's type follows from it."""
    buyer = {"id": ERASED, "name": ERASED}
    country = (document.get("buyer") or {}).get("country")
    kept = {name: value for name, value in document.items() if name != "gift_card"}
    return {**kept, "buyer": {**buyer, "country": country} if country else buyer}


def eraser(values: Iterable[str]) -> Callable[[Any], Any]:
    """Replaces the values in all texts of a JSON value, whatever their case; an equal value where there are none."""
    longest_first = sorted(values, key=len, reverse=True)
    if not longest_first:
        return lambda value: value
    found = re.compile("|".join(re.escape(value) for value in longest_first), re.IGNORECASE)

    def erase(value: Any) -> Any:
        if isinstance(value, str):
            return found.sub(ERASED, value)
        if isinstance(value, list):
            return [erase(each) for each in value]
        if isinstance(value, dict):
            return {erase(name): erase(each) for name, each in value.items()}
        return value

    return erase


def erased_file(content: bytes, values: Iterable[str]) -> bytes:
    """A UBL order without the texts of its buyer's parties and deliveries, and without the values wherever they are."""
    erase = eraser(values)
    try:
        root = _written(xml.parse(content), erase, whole=False)
    except RejectedOrder:
        return f"<{ERASED}/>".encode()
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _written(element: xml.Element, erase: Callable[[Any], Any], *, whole: bool) -> ElementTree.Element:
    """`whole` takes every text inside away."""
    whole = whole or element.tag.rpartition("}")[2] in _PARTIES
    attributes = {_qualified(key): erase(value) for key, value in element.attributes.items()}
    made = ElementTree.Element(_qualified(element.tag), attributes)
    if element.text:
        made.text = ERASED if whole else erase(element.text)
    made.extend(_written(child, erase, whole=whole) for child in element.children)
    return made


def _qualified(name: str) -> str:
    return f"{{{name}" if "}" in name else name
