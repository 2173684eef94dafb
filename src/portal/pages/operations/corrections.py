"""An order's data as fields that a person corrects, and what they typed as a merge patch (RFC 7396)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mtd.domain.errors import InvalidRequest

type Json = dict[str, Any]

PREFIX = "document."
_BUYER = ("name", "rut", "email", "city", "country", "activity")
_LINE = ("sku", "name", "quantity", "unit", "price", "adjustment", "amount", "tax_percent")
_TOTALS = ("lines", "tax_exclusive", "tax", "tax_inclusive", "prepaid", "rounding", "payable")
_ORDER = ("promised_on", "gift_card", "requested_document", "adjustment", "currency")
_WHOLE_NUMBERS = frozenset({"requested_document"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value. `path` is its place in the document, `group` what it belongs to: order, buyer, totals or a line."""

    path: str
    group: str
    name: str
    value: str


def fields(document: Mapping[str, Any]) -> list[Field]:
    """All that may be corrected, absent values as empty fields. Number and seller are the order's identity and stay."""
    return list(_fields(document))


def patch(document: Mapping[str, Any], form: Mapping[str, str]) -> Json:
    """What the form says otherwise than the document; an emptied field is taken away.

    Raises InvalidRequest where it says nothing else, or names a field that is not the document's.
    """
    known = {field.path: field for field in fields(document)}
    given = {name.removeprefix(PREFIX): value.strip() for name, value in form.items() if name.startswith(PREFIX)}
    if unknown := given.keys() - known.keys():
        raise InvalidRequest(f"the order has no field {min(unknown)}", code="field_unknown")
    changed = {path: value for path, value in given.items() if value != known[path].value}
    if not changed:
        raise InvalidRequest("change what is wrong first", code="nothing_corrected")
    result: Json = {}
    lines = [dict(line) for line in document.get("lines", [])]
    for path, text in changed.items():
        group, _, name = path.rpartition(".")
        value = _value(name, text)
        if group.startswith("lines."):
            # A merge patch replaces lists as a whole.
            _put(lines[int(group.removeprefix("lines."))], name, value)
            result["lines"] = lines
        elif group:
            result.setdefault(group, {})[name] = value
        else:
            result[name] = value
    return result


def _fields(document: Mapping[str, Any]) -> Iterator[Field]:
    for name in _ORDER:
        yield _field("", "order", name, document)
    for group, names in (("buyer", _BUYER), ("totals", _TOTALS)):
        for name in names:
            yield _field(f"{group}.", group, name, document.get(group, {}))
    for place, line in enumerate(document.get("lines", [])):
        for name in _LINE:
            yield _field(f"lines.{place}.", f"line {place + 1}", name, line)


def _field(prefix: str, group: str, name: str, source: Mapping[str, Any]) -> Field:
    value = source.get(name)
    return Field(path=prefix + name, group=group, name=name, value="" if value is None else str(value))


def _value(name: str, text: str) -> str | int | None:
    if not text:
        return None
    return int(text) if name in _WHOLE_NUMBERS and text.isdecimal() and len(text) < 10 else text


def _put(line: Json, name: str, value: Any) -> None:
    if value is None:
        line.pop(name, None)
    else:
        line[name] = value
