"""The input of a person in the form of a task, as the typed values of its JSON Schema."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mtd.domain.errors import InvalidRequest
from portal.pages.tasks.task_forms import PREFIX, Field, Reader, fields, is_form, text_of, type_of
from portal.rendering.typed import read_number

type Json = dict[str, Any]


def values(schema: Any, form: Mapping[str, str], reader: Reader) -> Json:
    """The typed values, numbers as the locale writes them and times of the reader's zone; an empty field gives none.

    A field that is only read keeps its first value, and one that is not asked gives none. Raises InvalidRequest.
    """
    return _values(schema, fields(schema, reader), form, reader) if is_form(schema) else {}


def _values(schema: Json, shown: Sequence[Field], form: Mapping[str, str], reader: Reader) -> Json:
    typed: Json = {}
    for field in shown:
        name = field.name.rpartition(".")[2]
        if field.shown_when is not None and not _is_asked(field.shown_when, shown, form):
            continue
        value = _value(field, schema["properties"][name], form, reader)
        if value is not None:
            typed[name] = value
    return typed


def _is_asked(condition: tuple[str, tuple[str, ...]], shown: Sequence[Field], form: Mapping[str, str]) -> bool:
    name, wanted = condition
    other = next((each for each in shown if each.name == name), None)
    if other is None:
        return True
    given = other.value if other.read_only else form.get(PREFIX + name, "").strip()
    return (given or ("false" if other.kind == "checkbox" else "")) in wanted


def _value(field: Field, rule: Any, form: Mapping[str, str], reader: Reader) -> Any:
    """The typed value of the field; None for an empty one."""
    rule = rule if isinstance(rule, dict) else {}
    if field.kind == "object":
        return _values(rule, field.parts, form, reader) or None
    if field.kind == "rows":
        return _listed(field, rule["items"], form, reader)
    text = (field.value if field.read_only else form.get(PREFIX + field.name, "")).strip()
    if field.kind == "checkbox":
        return text == "true"
    return _read(field, rule, text, reader) if text else None


def _listed(field: Field, items: Json, form: Mapping[str, str], reader: Reader) -> list[Any] | None:
    found: list[Any] = []
    for row in field.rows:
        if is_form(items):
            # An unticked box alone makes no row.
            typed = _values(items, row, form, reader)
            if any(value is not False for value in typed.values()):
                found.append(typed)
        elif (value := _value(row[0], items, form, reader)) is not None and value is not False:
            found.append(value)
    return found or ([] if field.required else None)


def _read(field: Field, rule: Json, text: str, reader: Reader) -> Any:
    if field.kind == "select":
        return next((option for option in rule["enum"] if text_of(option) == text), text)
    try:
        if field.kind == "number":
            return _number(rule, text, reader.locale)
        if field.kind == "datetime-local":
            return _in_zone(text, reader.zone)
        return json.loads(text) if field.kind == "json" else text
    except (ValueError, RecursionError):
        raise InvalidRequest(
            f"{field.label}: {text[:40]!r} is not what the form asks for", code="value_malformed"
        ) from None


def _in_zone(text: str, zone: ZoneInfo) -> str:
    """A browser's local date and time as RFC 3339 writes it, with the offset of the reader's zone and with seconds."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat(timespec="seconds")


def _number(rule: Json, text: str, locale: str) -> int | float:
    """Raises ValueError for a fraction where a whole number is asked for."""
    number = read_number(text, locale)
    if number == int(number):
        return int(number)
    if type_of(rule) == "integer":
        raise ValueError(text)
    return float(number)
