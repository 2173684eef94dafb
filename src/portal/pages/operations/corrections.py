"""An order's data as fields that a person corrects, the typed values as a merge patch (RFC 7396), and its effect."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from mtd.domain.errors import BusinessError, InvalidRequest, RejectedOrder
from mtd.domain.orders.check import read_order
from mtd.domain.orders.merge_patch import merged
from mtd.domain.orders.order import Order, Totals
from mtd.domain.orders.totals import amounts
from mtd.domain.tax.kinds import document_type
from portal.rendering.typed import read_number, read_rut, show_number

type Json = dict[str, Any]

PREFIX = "document."
_BUYER = ("name", "rut", "email", "city", "country", "activity")
_LINE = ("sku", "name", "quantity", "unit", "price", "adjustment", "amount", "tax_percent")
_TOTALS = ("lines", "tax_exclusive", "tax", "tax_inclusive", "prepaid", "rounding", "payable")
_ORDER = ("promised_on", "gift_card", "requested_document", "adjustment", "currency")
_NUMBERS = frozenset({*_TOTALS, "quantity", "price", "adjustment", "amount", "tax_percent"})
_CODES = frozenset({"requested_document"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderField:
    """One value. `path` is its place in the document, `group` what it belongs to: order, buyer, totals or a line (its
    number from 1); `value` is the document's own text, `shown` the same in the reader's locale."""

    path: str
    group: str
    name: str
    value: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The effect of a correction: the fields that change, the order's total and kind of tax document before and after.

    A total is None where the order's figures do not add up; `reckoned` is what its lines come to after the correction,
    whatever totals it names. `problem` is the code of what the inbox would refuse.
    """

    changes: list[tuple[OrderField, OrderField]]
    currency: str
    total: tuple[Decimal | None, Decimal | None]
    reckoned: Decimal | None
    document_type: tuple[int | None, int | None]
    problem: str


def fields(document: Mapping[str, Any], locale: str) -> list[OrderField]:
    """The fields of order, buyer and totals that may be corrected; absent values are empty.

    Number and seller are the order's identity and stay.
    """
    return [
        *(_field("", "order", name, document, locale) for name in _ORDER),
        *(_field("buyer.", "buyer", name, document.get("buyer", {}), locale) for name in _BUYER),
        *(_field("totals.", "totals", name, document.get("totals", {}), locale) for name in _TOTALS),
    ]


def line_fields(document: Mapping[str, Any], place: int, locale: str) -> list[OrderField]:
    """The fields of the line at that place, from 0. Raises InvalidRequest where there is no such line."""
    lines = document.get("lines", [])
    if not 0 <= place < len(lines):
        raise InvalidRequest(f"the order has no line {place + 1}", code="field_unknown")
    return [_field(f"lines.{place}.", str(place + 1), name, lines[place], locale) for name in _LINE]


def touched_lines(form: Mapping[str, str]) -> list[int]:
    """The places of the lines of which the form has a field."""
    begun = f"{PREFIX}lines."
    places = (name.removeprefix(begun).partition(".")[0] for name in form if name.startswith(begun))
    return sorted({int(place) for place in places if place.isdecimal() and len(place) < 6})


def patch(document: Mapping[str, Any], form: Mapping[str, str], locale: str) -> Json:
    """The values that the form has otherwise than the document; an emptied field is taken away.

    Raises InvalidRequest where nothing differs, a field is not the document's, or a value is no number or RUT.
    """
    given = {name.removeprefix(PREFIX): value.strip() for name, value in form.items() if name.startswith(PREFIX)}
    known = {field.path: field for field in _known(document, form, locale)}
    if unknown := given.keys() - known.keys():
        raise InvalidRequest(f"the order has no field {min(unknown)}", code="field_unknown")
    changed = {
        path: value
        for path, text in given.items()
        if text != known[path].shown and not _same(value := _value(known[path].name, text, locale), known[path])
    }
    if not changed:
        raise InvalidRequest("change what is wrong first", code="nothing_corrected")
    result: Json = {}
    lines = [dict(line) for line in document.get("lines", [])]
    for path, value in changed.items():
        group, _, name = path.rpartition(".")
        if group.startswith("lines."):
            # A merge patch replaces lists as a whole.
            _put(lines[int(group.removeprefix("lines."))], name, value)
            result["lines"] = lines
        elif group:
            result.setdefault(group, {})[name] = value
        else:
            result[name] = value
    return result


def effect(document: Mapping[str, Any], corrected: Mapping[str, Any], locale: str) -> Effect:
    """The effect of the merge patch `corrected` on the document."""
    patched = merged(document, corrected)
    before, _ = _read(document)
    after, problem = _read(patched)
    return Effect(
        changes=list(_changes(document, patched, locale)),
        currency=str(patched.get("currency", "")),
        total=(_total(before), _total(after)),
        reckoned=_total(after and _without_sums(after)),
        document_type=(_kind(before), _kind(after)),
        problem=problem or (_sums_problem(after) if after else ""),
    )


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], locale: str) -> Iterator[tuple[OrderField, OrderField]]:
    places = range(min(len(old.get("lines", [])), len(new.get("lines", []))))
    for before, after in zip(
        [*fields(old, locale), *(field for place in places for field in line_fields(old, place, locale))],
        [*fields(new, locale), *(field for place in places for field in line_fields(new, place, locale))],
        strict=True,
    ):
        if before.value != after.value:
            yield before, after


def _known(document: Mapping[str, Any], form: Mapping[str, str], locale: str) -> Iterator[OrderField]:
    yield from fields(document, locale)
    for place in touched_lines(form):
        if place < len(document.get("lines", [])):
            yield from line_fields(document, place, locale)


def _field(prefix: str, group: str, name: str, source: Mapping[str, Any], locale: str) -> OrderField:
    value = "" if source.get(name) is None else str(source[name])
    number = _number(value) if name in _NUMBERS else None
    shown = value if number is None else show_number(number, locale)
    return OrderField(path=prefix + name, group=group, name=name, value=value, shown=shown)


def _value(name: str, text: str, locale: str) -> str | int | None:
    if not text:
        return None
    if name in _NUMBERS:
        return format(read_number(text, locale), "f")
    if name == "rut":
        return read_rut(text)
    return int(text) if name in _CODES and text.isdecimal() and len(text) < 10 else text


def _same(value: str | int | None, field: OrderField) -> bool:
    """Whether that is what the document has: 5000 and 5000.00 are one number."""
    if field.name in _NUMBERS and value and field.value:
        return _number(str(value)) == _number(field.value)
    return ("" if value is None else str(value)) == field.value


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _put(line: Json, name: str, value: Any) -> None:
    if value is None:
        line.pop(name, None)
    else:
        line[name] = value


def _read(document: Mapping[str, Any]) -> tuple[Order | None, str]:
    """The order, or the code of what the inbox refuses about it."""
    try:
        return read_order(dict(document)), ""
    except RejectedOrder as error:
        return None, error.code


def _kind(order: Order | None) -> int | None:
    return int(document_type(order)) if order else None


def _total(order: Order | None) -> Decimal | None:
    try:
        return amounts(order).payable if order else None
    except BusinessError:
        return None


def _without_sums(order: Order) -> Order:
    totals = Totals(prepaid=order.totals.prepaid, rounding=order.totals.rounding)
    return replace(order, totals=totals, lines=tuple(replace(line, amount=None) for line in order.lines))


def _sums_problem(order: Order) -> str:
    try:
        amounts(order)
    except BusinessError as error:
        return error.code
    return ""
