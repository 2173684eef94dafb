"""A task's form from its JSON Schema: its fields with their first values, and what was typed as typed values."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mtd.adapters.forms import JsonSchemas
from mtd.domain.errors import InvalidRequest
from portal.pages.tasks.task_forms import Field, Reader, fields
from portal.pages.tasks.task_values import values

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["count", "kind"],
    "properties": {
        "on": {"type": "string", "format": "date"},
        "count": {"type": "integer", "title": "How many", "minimum": 1, "maximum": 9},
        "weight": {"type": ["number", "null"]},
        "kind": {"enum": ["a", "b", 3]},
        "approved": {"type": "boolean"},
        "tags": {"type": "array"},
        "why": {"type": "string", "maxLength": 500},
    },
}


def reader(locale: str = "es", zone: str = "America/Santiago", **facts: Any) -> Reader:
    return Reader(locale=locale, zone=ZoneInfo(zone), facts=facts)


def form(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def test_every_property_is_a_field_of_its_kind() -> None:
    shown = {field.name: (field.kind, field.required) for field in fields(SCHEMA, reader())}
    assert list(shown)[:2] == ["count", "kind"]
    assert shown == {
        "count": ("number", True),
        "weight": ("number", False),
        "kind": ("select", True),
        "approved": ("checkbox", False),
        "on": ("date", False),
        "tags": ("json", False),
        "why": ("textarea", False),
    }
    first = fields(SCHEMA, reader())[0]
    assert (first.label, first.limits) == ("How many", {"inputmode": "numeric"})


def test_a_number_is_read_in_the_persons_locale() -> None:
    """12.000 boxes are twelve thousand in Spanish."""
    assert values(SCHEMA, {"value.count": "12.000"}, reader("es"))["count"] == 12000
    assert values(SCHEMA, {"value.count": "12,000"}, reader("en"))["count"] == 12000


def test_what_is_typed_has_the_types_of_the_schema_and_an_empty_field_says_nothing() -> None:
    typed = {"value.count": "4", "value.weight": "1,5", "value.kind": "3", "value.tags": '["x"]', "value.why": " "}
    assert values(SCHEMA, typed, reader()) == {
        "count": 4,
        "weight": 1.5,
        "kind": 3,
        "approved": False,
        "tags": ["x"],
    }
    assert values(SCHEMA, {"value.approved": "true", "value.on": "2026-01-02"}, reader("en")) == {
        "approved": True,
        "on": "2026-01-02",
    }


@pytest.mark.parametrize(
    "typed",
    [
        {"value.count": "four"},
        {"value.count": "1,5"},
        {"value.weight": "1.5"},
        {"value.weight": "x"},
        {"value.tags": "[" * 100_000},
    ],
)
def test_what_is_not_of_its_type_is_refused(typed: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        values(SCHEMA, typed, reader())


@pytest.mark.parametrize("schema", [None, {}, {"properties": []}, True])
def test_a_task_without_a_form_has_no_fields(schema: Any) -> None:
    assert fields(schema, reader()) == []
    assert values(schema, {"value.x": "1"}, reader()) == {}


WHEN = form(when={"type": "string", "format": "date-time"}) | {"required": ["when"]}


@pytest.mark.parametrize(
    ("zone", "sent"),
    [
        ("America/Santiago", "2026-09-18T10:00:00-03:00"),
        ("Europe/Madrid", "2026-09-18T10:00:00+02:00"),
        ("UTC", "2026-09-18T10:00:00+00:00"),
    ],
)
def test_a_browsers_date_and_time_is_of_the_persons_zone_and_passes_the_form(zone: str, sent: str) -> None:
    """The browser sends no zone and no seconds, which `date-time` asks for (RFC 3339)."""
    [field] = fields(WHEN, reader(zone=zone))
    assert field.kind == "datetime-local"

    typed = values(WHEN, {"value.when": "2026-09-18T10:00"}, reader(zone=zone))

    assert typed == {"when": sent}
    JsonSchemas().validate(WHEN, typed)


def test_a_date_and_time_that_is_known_is_shown_in_the_persons_zone() -> None:
    [field] = fields(WHEN, reader(zone="Europe/Madrid", data={"when": "2026-09-18T10:00:00-03:00"}))

    assert field.value == "2026-09-18T15:00"


@pytest.mark.parametrize("typed", ["tomorrow", "2026-13-01T10:00"])
def test_what_is_no_date_and_time_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        values(WHEN, {"value.when": typed}, reader())


def test_fields_come_in_the_order_that_the_form_says() -> None:
    schema = form(a={}, b={}, c={}, d={}) | {"x-order": ["c", "a", "nothing"], "required": ["d"]}

    assert [field.name for field in fields(schema, reader())] == ["c", "a", "d", "b"]


FACTS: dict[str, Any] = {
    "order": {"buyer": {"name": "Ana"}},
    "data": {"known": 1500.5, "default": "from the data"},
    "line": {"quantity": 3, "gone": None},
}


@pytest.mark.parametrize(
    ("name", "rule", "shown"),
    [
        ("buyer", {"type": "string", "x-value": "order.buyer.name"}, "Ana"),
        ("quantity", {"type": "integer", "x-value": "line.quantity"}, "3"),
        ("known", {"type": "number"}, "1.500,5"),
        ("other", {"type": "string", "default": "as ever"}, "as ever"),
        ("default", {"type": "string", "default": "as ever"}, "from the data"),
        ("gone", {"type": "string", "x-value": "line.gone.deeper", "default": "else"}, "else"),
        ("sure", {"type": "boolean", "default": True}, "true"),
        ("none", {"type": "string"}, ""),
    ],
)
def test_a_field_has_its_first_value(name: str, rule: dict[str, Any], shown: str) -> None:
    [field] = fields(form(**{name: rule}), reader(**FACTS))

    assert field.value == shown


def test_a_field_that_is_only_read_keeps_its_value_whatever_is_sent() -> None:
    schema = form(total={"type": "number", "readOnly": True, "x-value": "data.known"}, why={"type": "string"})

    assert [field.read_only for field in fields(schema, reader(**FACTS))] == [True, False]
    typed = {"value.total": "1", "value.why": "x"}
    assert values(schema, typed, reader(**FACTS)) == {"total": 1500.5, "why": "x"}


CONDITION = form(
    approved={"type": "boolean"},
    reason={"type": "string", "x-when": {"approved": False}},
    kind={"enum": ["a", "b", "c"]},
    more={"type": "string", "x-when": {"kind": ["b", "c"]}},
) | {"required": ["reason"]}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"value.reason": "no money"}, {"approved": False, "reason": "no money"}),
        ({"value.approved": "true", "value.reason": "left over"}, {"approved": True}),
        ({"value.kind": "b", "value.more": "x"}, {"approved": False, "kind": "b", "more": "x"}),
        ({"value.kind": "a", "value.more": "x"}, {"approved": False, "kind": "a"}),
    ],
)
def test_a_field_with_a_condition_is_read_only_when_that_holds(typed: dict[str, str], expected: dict[str, Any]) -> None:
    assert values(CONDITION, typed, reader()) == expected
    asked = next(field for field in fields(CONDITION, reader()) if field.name == "reason")
    # The browser must not ask for what may be hidden.
    assert (asked.shown_when, asked.required) == (("approved", ("false",)), False)


LINES = form(
    address={"type": "object", "properties": {"street": {"type": "string"}, "number": {"type": "integer"}}},
    lines={
        "type": "array",
        "maxItems": 4,
        "items": {
            "type": "object",
            "required": ["sku"],
            "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}, "ok": {"type": "boolean"}},
        },
    },
    tags={"type": "array", "items": {"type": "string"}},
)


def names(shown: tuple[Field, ...]) -> list[str]:
    return [each.name for each in shown]


def test_objects_and_lists_are_shown_as_parts_and_rows() -> None:
    known = {"address": {"street": "Alameda"}, "lines": [{"sku": "A", "count": 2}, {"sku": "B"}], "tags": ["new"]}
    address, lines, tags = fields(LINES, reader(data=known))

    assert (address.kind, [(each.name, each.value) for each in address.parts]) == (
        "object",
        [("address.street", "Alameda"), ("address.number", "")],
    )
    # Two that are there, and two more: there may be four.
    assert names(lines.rows[0]) == ["lines.0.sku", "lines.0.count", "lines.0.ok"]
    assert [row[0].value for row in lines.rows] == ["A", "B", "", ""]
    assert not any(each.required for row in lines.rows for each in row)
    assert [row[0].value for row in tags.rows] == ["new", "", "", ""]


def test_typed_rows_become_a_list_without_those_that_are_empty() -> None:
    typed = {
        "value.address.street": "Alameda",
        "value.address.number": "12",
        "value.lines.0.sku": "A",
        "value.lines.2.sku": "C",
        "value.lines.2.count": "1.000",
        "value.lines.2.ok": "true",
        "value.tags.0": "x",
        "value.tags.2": "z",
    }

    assert values(LINES, typed, reader()) == {
        "address": {"street": "Alameda", "number": 12},
        "lines": [{"sku": "A", "ok": False}, {"sku": "C", "count": 1000, "ok": True}],
        "tags": ["x", "z"],
    }
    assert values(LINES, {}, reader()) == {}


def test_what_nests_deeper_is_typed_as_json() -> None:
    deep = form(a={"type": "object", "properties": {"b": {"type": "array", "items": LINES}}})
    [outer] = fields(deep, reader())
    [inner] = outer.parts
    [address, lines, _] = inner.rows[0]

    assert (inner.kind, address.kind, lines.kind) == ("rows", "json", "json")
    assert values(deep, {"value.a.b.0.lines": '[{"sku": "A"}]'}, reader()) == {"a": {"b": [{"lines": [{"sku": "A"}]}]}}
