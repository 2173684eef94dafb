"""Fn::ForEach as AWS expands it. LocalStack loses what else stands in a Fn::Sub and refuses its form with a list."""

import copy
from typing import Any

from localstack.services.cloudformation.engine import transformers
from localstack.services.cloudformation.engine.validations import ValidationError


def expand(definition: list[Any], context: Any, extra: dict[str, str] | None = None) -> dict[str, Any]:
    """The fragment once for each value, the loop's name replaced in keys, Fn::Sub texts and Refs.

    Raises ValidationError for a malformed loop.
    """
    if len(definition) != 3 or not isinstance(definition[0], str) or not isinstance(definition[2], dict):
        raise ValidationError("Fn::ForEach takes an identifier, a collection and a fragment")
    name, values, fragment = definition
    if isinstance(values, dict):
        values = context.resolve(values)
    if not isinstance(values, list):
        raise ValidationError(f"Fn::ForEach::{name}: the collection is not a list")
    expanded: dict[str, Any] = {}
    for value in values:
        one = _replaced(copy.deepcopy(fragment), {**(extra or {}), name: str(value)})
        for key, body in one.items():
            if key.startswith("Fn::ForEach"):
                expanded |= expand(body, context)
            elif key in expanded:
                raise ValidationError(f"Fn::ForEach::{name}: {key} would stand twice")
            else:
                expanded[key] = body
    return expanded


def _replaced(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, dict):
        if set(node) == {"Ref"} and node["Ref"] in names:
            return names[node["Ref"]]
        return {_text(key, names): _replaced(value, names) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(item, names) for item in node]
    return _text(node, names) if isinstance(node, str) else node


def _text(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace("${" + name + "}", value)
    return text


def expand_as_on_aws() -> None:
    """Replace LocalStack's expansion."""
    transformers.expand_fn_foreach = expand
