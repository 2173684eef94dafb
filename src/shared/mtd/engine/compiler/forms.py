"""The forms of people's choices: a JSON Schema (draft 7) that asks what no rule decides."""

from collections.abc import Mapping, Sequence
from typing import Any

from mtd.engine.model.plan import Choice, NodeKind, Plan


def with_choices(choices: Sequence[Choice], form: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The form that asks the choices, after what the other form asks."""
    base = dict(form or {"type": "object"})
    asked = {choice.name: _property(choice) for choice in choices}
    return {
        **base,
        "properties": {**base.get("properties", {}), **asked},
        "required": [*base.get("required", []), *(name for name in asked if name not in base.get("required", []))],
    }


def made_forms(plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
    """The forms that the plan's choices are asked by, by name; `given` holds those that they extend."""
    works = [node.work for node in plan.nodes.values() if node.kind is NodeKind.PERSON and node.work is not None]
    return {work.form: with_choices(work.choices, given.get(work.extends)) for work in works if work.choices}


def _property(choice: Choice) -> dict[str, Any]:
    if choice.several:
        items = {"type": "string", "enum": list(choice.options)}
        return {"type": "array", "title": choice.question, "items": items, "minItems": 1, "uniqueItems": True}
    return {"type": "string", "title": choice.question, "enum": list(choice.options)}
