"""The checks of an order that the API takes as JSON, and those that files share."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, cast, get_origin

from mtd.domain.errors import MtdError, RejectedOrder
from mtd.domain.json_types import Json
from mtd.domain.orders.money import minor_digits, parse_decimal
from mtd.domain.orders.order import READ_ERRORS, Order, Party, from_json, to_json
from mtd.domain.tax.rut import normalise

MAXIMUM_LINES = 10_000
LONGEST_IDENTIFIER = 100
_LONGEST_TEXT = 10_000


def identifier(text: str, what: str, code: str = "identifier_malformed") -> str:
    """The text, if it can name S3 keys, routes, rows and index entries: printable and short. Raises RejectedOrder."""
    if not text or len(text) > LONGEST_IDENTIFIER or not text.isprintable():
        raise RejectedOrder(
            f"{what} {text[:40]!r} is empty, over {LONGEST_IDENTIFIER} characters or not printable", code=code
        )
    return text


def read_order(document: Any) -> Order:
    """The order that a caller sent as JSON, in the shape of `order.to_json`.

    Raises RejectedOrder with code `order_malformed`, or that of the field that is wrong.
    """
    try:
        if not isinstance(document, dict):
            raise TypeError("not an object")
        _texts(document)
        order = from_json(document)
        _refuse_other_types(order)
        _check(order, document)
        order = replace(order, seller=_normal(order.seller), buyer=_normal(order.buyer))
        if from_json(to_json(order)) != order:
            raise ValueError("the order reads differently after it was written as JSON")
    except MtdError:
        raise
    except READ_ERRORS as error:
        raise RejectedOrder(f"the order is malformed: {error!r}"[:300], code="order_malformed") from None
    return order


def _normal(party: Party) -> Party:
    """The party with its RUT as every other part of the system writes it. Raises RejectedOrder."""
    if party.rut is None:
        return party
    number = normalise(_text(party.rut))
    return replace(party, rut=number, id=number if party.id == party.rut else party.id)


def _texts(value: Any) -> None:
    """Every scalar is text that PostgreSQL and SQS can hold; only the requested document is a number."""
    if isinstance(value, str):
        if "\0" in value or len(value) > _LONGEST_TEXT or any("\ud800" <= c <= "\udfff" for c in value):
            raise ValueError(
                f"the text {value[:40]!r} cannot be stored: it is too long, or has characters that PostgreSQL refuses"
            )
    elif isinstance(value, dict):
        for name, inner in value.items():
            _texts(name)
            if name != "requested_document":
                _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            _texts(inner)
    elif value is not None:
        raise TypeError(f"{value!r} is not a text")


def _refuse_other_types(part: Any) -> None:
    """Every field of the order and of its parts holds what its annotation says. Raises TypeError."""
    for field in fields(part):
        value, wanted = getattr(part, field.name), cast("type", field.type)
        if get_origin(wanted) is tuple:
            for each in value:
                _refuse_other_types(each)
        elif isinstance(value, bool) or not isinstance(value, wanted):
            raise TypeError(f"{field.name} must not be {value!r}")
        elif is_dataclass(value):
            _refuse_other_types(value)


def _check(order: Order, document: Json) -> None:
    identifier(_text(order.number), "the order number", "number_malformed")
    minor_digits(_text(order.currency))
    for party in (order.seller, order.buyer):
        _party(party)
    if not isinstance(order.issued_on, date) or not order.lines:
        raise RejectedOrder("the order has no lines", code="no_lines")
    if len(order.lines) > MAXIMUM_LINES:
        raise RejectedOrder(f"the order has {len(order.lines)} lines; {MAXIMUM_LINES} at most", code="too_many_lines")
    for holder in (document, *document["lines"]):
        _decimal(holder["adjustment"], "adjustment")
        for each in holder.get("adjustments", ()):
            _decimal(each["amount"], "amount")
    for name, value in document["totals"].items():
        _decimal(value, name)
    for line, sent in zip(order.lines, document["lines"], strict=True):
        for text in (line.id, line.sku, line.name, line.unit):
            _text(text)
        for name in ("quantity", "price", "base_quantity", "amount", "tax_percent"):
            if name in sent:
                _decimal(sent[name], name)
        if line.quantity <= 0 or line.base_quantity <= 0:
            raise RejectedOrder(f"line {line.id}: the quantity must be above zero", code="quantity_not_positive")
        if line.price < 0:
            raise RejectedOrder(f"line {line.id}: the price must not be negative", code="price_negative")


def _party(party: Party) -> None:
    identifier(_text(party.id), "the party's identifier")
    _text(party.name)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _decimal(value: Any, name: str) -> Decimal:
    return parse_decimal(_text(value), name)
