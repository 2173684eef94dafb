"""The form of a person's task, from its JSON Schema: the fields to show, with their first values.

Beside JSON Schema's own words (`title`, `description`, `default`, `readOnly`, `enum`, …) a schema may say:

- `x-order` of an object: the names of its properties in the order in which they are shown;
- `x-value` of a property: where its first value comes from, such as `order.buyer.name`, `data.discount` or, in a
  multi-instance activity, `line.quantity`;
- `x-when` of a property: the field and the values with which it is asked, such as `{"approved": false}`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from portal.rendering.typed import Mistyped, read_number, show_number

type Json = dict[str, Any]

PREFIX = "value."
_FORMATS = {"date": "date", "date-time": "datetime-local", "email": "email", "uri": "url", "time": "time"}
_LIMITS = {"minimum": "min", "maximum": "max", "minLength": "minlength", "maxLength": "maxlength", "pattern": "pattern"}
_LONG_TEXT = 200
_EMPTY_ROWS = 3
_MOST_ROWS = 100
_DEEPEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The reader of a form, and the facts of its order.

    `facts` are what `x-value` may ask: the `order`, its `data`, and the element of the task's instance by its name.
    """

    locale: str
    zone: ZoneInfo
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One property. `name` is that of its input without the prefix.

    `kind` is an input's type, or `select`, `textarea`, `json`, `object` with its `parts`, or `rows` of parts; `limits`
    are its attributes, `value` is its first value as its input takes it. `shown_when` is the name of another input with
    the values at which this one is asked.
    """

    name: str
    label: str
    hint: str
    kind: str
    required: bool
    options: tuple[str, ...]
    limits: Mapping[str, str]
    value: str = ""
    read_only: bool = False
    shown_when: tuple[str, tuple[str, ...]] | None = None
    parts: tuple["Field", ...] = ()
    rows: tuple[tuple["Field", ...], ...] = ()


def fields(schema: Any, reader: Reader) -> list[Field]:
    """The properties in the order of `x-order`; then those that are required, then the others; none without a form.

    PostgreSQL's jsonb keeps the order of lists, not that of properties. A property that says no value of its own has
    the value of its name in the order's data.
    """
    if not is_form(schema):
        return []
    return list(_parts(schema, "", reader, dict(reader.facts.get("data") or {}), 0))


def is_form(schema: Any) -> bool:
    """Whether it is the schema of an object that names its properties."""
    return isinstance(schema, dict) and isinstance(schema.get("properties"), dict)


def _parts(schema: Json, path: str, reader: Reader, known: Mapping[str, Any], depth: int) -> Iterator[Field]:
    properties, required = schema["properties"], schema.get("required", [])
    order = [name for name in (*schema.get("x-order", []), *required) if name in properties]
    for name in dict.fromkeys([*order, *properties]):
        rule = properties[name] if isinstance(properties[name], dict) else {}
        yield _field(path + name, path, rule, name in required, reader, _first(rule, name, reader, known), depth)


def _first(rule: Json, name: str, reader: Reader, known: Mapping[str, Any]) -> Any:
    """The value that a field has at first; None for none."""
    if isinstance(said := rule.get("x-value"), str):
        found: Any = reader.facts
        for part in said.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return rule.get("default") if found is None else found
    return known.get(name, rule.get("default"))


def _field(name: str, path: str, rule: Json, required: bool, reader: Reader, first: Any, depth: int) -> Field:
    options = tuple(text_of(option) for option in rule.get("enum", []))
    kind = _kind(rule, options, depth)
    limits = {ours: str(rule[theirs]) for theirs, ours in _LIMITS.items() if theirs in rule}
    if kind == "number":
        # A number input would read 12.000 as twelve in a Spanish browser: the field takes text, and the API the limits.
        limits = {"inputmode": "numeric" if type_of(rule) == "integer" else "decimal"}
    parts: tuple[Field, ...] = ()
    rows: tuple[tuple[Field, ...], ...] = ()
    read_only, shown_when = bool(rule.get("readOnly")), _condition(rule, path)
    if kind == "object":
        parts = tuple(_parts(rule, f"{name}.", reader, first if isinstance(first, Mapping) else {}, depth + 1))
    elif kind == "rows":
        rows = tuple(_rows(rule, name, reader, first if isinstance(first, list) else [], read_only, depth + 1))
    last = name.rpartition(".")[2]
    return Field(
        name=name,
        label=str(rule.get("title") or last.replace("_", " ").capitalize()),
        hint=str(rule.get("description") or ""),
        kind=kind,
        required=required and kind != "checkbox" and shown_when is None,
        options=options,
        limits=limits,
        value="" if first is None or kind in ("object", "rows") else _shown(kind, first, reader),
        read_only=read_only,
        shown_when=shown_when,
        parts=parts,
        rows=rows,
    )


def _rows(
    rule: Json, name: str, reader: Reader, first: list[Any], read_only: bool, depth: int
) -> Iterator[tuple[Field, ...]]:
    """A row for each element that is there, and empty ones for more."""
    items = rule["items"]
    most = rule["maxItems"] if isinstance(rule.get("maxItems"), int) else _MOST_ROWS
    wanted = max(len(first) + _EMPTY_ROWS, rule.get("minItems", 0))
    for number in range(len(first) if read_only else min(wanted, max(most, len(first)), _MOST_ROWS)):
        element = first[number] if number < len(first) else None
        if is_form(items):
            known = element if isinstance(element, Mapping) else {}
            # A row that stays empty is none, so nothing in it may be required by the browser.
            yield tuple(_optional(each) for each in _parts(items, f"{name}.{number}.", reader, known, depth))
        else:
            yield (
                _field(f"{name}.{number}", "", {**items, "title": rule.get("title")}, False, reader, element, depth),
            )


def _optional(field: Field) -> Field:
    return Field(**{each: getattr(field, each) for each in Field.__slots__} | {"required": False})


def _condition(rule: Json, path: str) -> tuple[str, tuple[str, ...]] | None:
    said = rule.get("x-when")
    if not isinstance(said, dict) or len(said) != 1:
        return None
    [(name, wanted)] = said.items()
    return path + name, tuple(text_of(each) for each in (wanted if isinstance(wanted, list) else [wanted]))


def _kind(rule: Json, options: tuple[str, ...], depth: int) -> str:
    if options:
        return "select"
    match type_of(rule):
        case "boolean":
            return "checkbox"
        case "number" | "integer":
            return "number"
        case "object":
            return "object" if is_form(rule) and depth < _DEEPEST else "json"
        case "array":
            return "rows" if isinstance(rule.get("items"), dict) and depth < _DEEPEST else "json"
    if rule.get("maxLength", 0) > _LONG_TEXT:
        return "textarea"
    return _FORMATS.get(str(rule.get("format")), "text")


def type_of(rule: Json) -> str:
    """The type; of several the first that is not null."""
    said = rule.get("type", "string")
    return next((one for one in said if one != "null"), "string") if isinstance(said, list) else str(said)


def _shown(kind: str, value: Any, reader: Reader) -> str:
    """A value as its input takes it."""
    if kind == "datetime-local" and (moment := _moment(value)) is not None:
        return moment.astimezone(reader.zone).isoformat(timespec="minutes")[:16]
    if kind == "number" and (number := _decimal(value)) is not None:
        return show_number(number, reader.locale)
    return text_of(value)


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if isinstance(value, bool) else read_number(str(value), "en")
    except Mistyped:
        return None


def text_of(option: Any) -> str:
    """An option, or any value, as the text of an input."""
    return option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)
