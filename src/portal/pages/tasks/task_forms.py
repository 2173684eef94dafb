"""The form of a person's task, from its JSON Schema: what to show, and what was typed as typed values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtd.domain.errors import InvalidRequest
from portal.rendering.typed import read_number

type Json = dict[str, Any]

PREFIX = "value."
_FORMATS = {"date": "date", "date-time": "datetime-local", "email": "email", "uri": "url", "time": "time"}
_LIMITS = {"minimum": "min", "maximum": "max", "minLength": "minlength", "maxLength": "maxlength", "pattern": "pattern"}
_LONG_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One property. `kind` is an input's type, or `select`, `textarea` or `json`; `limits` are its attributes."""

    name: str
    label: str
    hint: str
    kind: str
    required: bool
    options: tuple[str, ...]
    limits: Mapping[str, str]


def fields(schema: Any) -> list[Field]:
    """The required properties in the order in which they are required, then the others; none without a form.

    PostgreSQL's jsonb keeps the order of lists, not that of properties.
    """
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return []
    required = schema.get("required", [])
    properties = schema["properties"]
    first = [name for name in required if name in properties]
    return [_field(name, properties[name], name in required) for name in dict.fromkeys([*first, *properties])]


def values(schema: Any, form: Mapping[str, str], locale: str) -> Json:
    """The typed values, numbers as the locale writes them; an empty field gives none. Raises InvalidRequest."""
    typed: Json = {}
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    for field in fields(schema):
        text = form.get(PREFIX + field.name, "").strip()
        if field.kind == "checkbox":
            typed[field.name] = text == "true"
        elif text:
            typed[field.name] = _value(field, properties[field.name], text, locale)
    return typed


def _field(name: str, rule: Any, required: bool) -> Field:
    rule = rule if isinstance(rule, dict) else {}
    options = tuple(_text(option) for option in rule.get("enum", []))
    kind = _kind(rule, options)
    limits = {ours: str(rule[theirs]) for theirs, ours in _LIMITS.items() if theirs in rule}
    if kind == "number":
        # A number input would read 12.000 as twelve in a Spanish browser: the field takes text, and the API the limits.
        limits = {"inputmode": "numeric" if _type(rule) == "integer" else "decimal"}
    return Field(
        name=name,
        label=str(rule.get("title") or name.replace("_", " ").capitalize()),
        hint=str(rule.get("description") or ""),
        kind=kind,
        required=required and kind != "checkbox",
        options=options,
        limits=limits,
    )


def _kind(rule: Json, options: tuple[str, ...]) -> str:
    if options:
        return "select"
    match _type(rule):
        case "boolean":
            return "checkbox"
        case "number" | "integer":
            return "number"
        case "array" | "object":
            return "json"
    if rule.get("maxLength", 0) > _LONG_TEXT:
        return "textarea"
    return _FORMATS.get(str(rule.get("format")), "text")


def _type(rule: Json) -> str:
    """The type; of several the first that is not null."""
    said = rule.get("type", "string")
    return next((one for one in said if one != "null"), "string") if isinstance(said, list) else str(said)


def _value(field: Field, rule: Json, text: str, locale: str) -> Any:
    if field.kind == "select":
        return next((option for option in rule["enum"] if _text(option) == text), text)
    try:
        if field.kind == "number":
            return _number(rule, text, locale)
        return json.loads(text) if field.kind == "json" else text
    except (ValueError, RecursionError):
        raise InvalidRequest(
            f"{field.label}: {text[:40]!r} is not what the form asks for", code="value_malformed"
        ) from None


def _number(rule: Json, text: str, locale: str) -> int | float:
    """Raises ValueError for a fraction where a whole number is asked for."""
    number = read_number(text, locale)
    if number == int(number):
        return int(number)
    if _type(rule) == "integer":
        raise ValueError(text)
    return float(number)


def _text(option: Any) -> str:
    return option if isinstance(option, str) else json.dumps(option)
