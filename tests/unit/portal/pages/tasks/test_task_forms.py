"""A task's form from its JSON Schema."""

from typing import Any

import pytest

from mtd.domain.errors import InvalidRequest
from portal.pages.tasks.task_forms import fields, values

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


def test_every_property_is_a_field_of_its_kind() -> None:
    shown = {field.name: (field.kind, field.required) for field in fields(SCHEMA)}
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
    first = fields(SCHEMA)[0]
    assert (first.label, first.limits) == ("How many", {"inputmode": "numeric"})


def test_a_number_is_read_in_the_persons_locale() -> None:
    """12.000 boxes are twelve thousand in Spanish."""
    assert values(SCHEMA, {"value.count": "12.000"}, "es")["count"] == 12000
    assert values(SCHEMA, {"value.count": "12,000"}, "en")["count"] == 12000


def test_what_is_typed_has_the_types_of_the_schema_and_an_empty_field_says_nothing() -> None:
    form = {"value.count": "4", "value.weight": "1,5", "value.kind": "3", "value.tags": '["x"]', "value.why": " "}
    assert values(SCHEMA, form, "es") == {"count": 4, "weight": 1.5, "kind": 3, "approved": False, "tags": ["x"]}
    assert values(SCHEMA, {"value.approved": "true", "value.on": "2026-01-02"}, "en") == {
        "approved": True,
        "on": "2026-01-02",
    }


@pytest.mark.parametrize(
    "form",
    [
        {"value.count": "four"},
        {"value.count": "1,5"},
        {"value.weight": "1.5"},
        {"value.weight": "x"},
        {"value.tags": "[" * 100_000},
    ],
)
def test_what_is_not_of_its_type_is_refused(form: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        values(SCHEMA, form, "es")


@pytest.mark.parametrize("schema", [None, {}, {"properties": []}, True])
def test_a_task_without_a_form_has_no_fields(schema: Any) -> None:
    assert fields(schema) == []
    assert values(schema, {"value.x": "1"}, "es") == {}
