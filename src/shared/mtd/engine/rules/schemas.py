"""The type that rules see of a value which a JSON Schema describes."""

from collections.abc import Mapping
from typing import Any

from mtd.engine.rules.types import RuleType

_TYPES = {"string": "text", "boolean": "bool", "number": "number", "integer": "number"}
_DEEPEST = 20


def type_of(schema: Any, depth: int = 0) -> RuleType:
    """The type of the values that fit the schema; `any` where it leaves that open.

    An object with declared properties has just these, so that a rule's misspelt name is found. `"additionalProperties":
    true` says that there may be others, and leaves it open.
    """
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return "any"
    said = schema.get("type")
    kinds = [each for each in (said if isinstance(said, list) else [said]) if each != "null"]
    if len(kinds) != 1:
        return "any"
    if kinds[0] == "array":
        return [type_of(schema.get("items"), depth + 1)]
    if kinds[0] == "object":
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties or schema.get("additionalProperties") is True:
            return "any"
        return {str(name): type_of(each, depth + 1) for name, each in properties.items()}
    return _TYPES.get(str(kinds[0]), "any")


def fits(found: RuleType, wanted: RuleType) -> bool:
    """Whether a value of the one type may stand where the other is wanted."""
    if "any" in (found, wanted):
        return True
    if isinstance(found, list) and isinstance(wanted, list):
        return fits(found[0], wanted[0])
    if isinstance(found, dict) and isinstance(wanted, dict):
        return all(name in wanted and fits(each, wanted[name]) for name, each in found.items())
    return bool(found == wanted)
