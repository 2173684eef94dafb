"""A CloudFormation resource's properties as parameters of the API that makes it.

Both follow the same model, except for the first letters of names, and for numbers and booleans, which templates write
as text."""

from collections.abc import Collection, Mapping
from typing import Any

_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


class UnknownProperty(Exception):
    """The template sets a property that the API does not have."""


def call(client: Any, operation: str, properties: Mapping[str, Any], *, elsewhere: Collection[str] = ()) -> Any:
    """Call ``operation`` (as boto3 names it) with all properties but those in ``elsewhere``; its answer.

    Raises UnknownProperty.
    """
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    given = {name: value for name, value in properties.items() if name not in elsewhere}
    return getattr(client, operation)(**shaped(given, model.input_shape))


def shaped(value: Any, shape: Any, path: str = "") -> Any:
    """``value`` as botocore's ``shape`` wants it."""
    if shape.type_name == "structure":
        members = {name.lower(): name for name in shape.members}
        made = {}
        for name, inner in value.items():
            known = members.get(name.lower())
            if known is None:
                raise UnknownProperty(f"{path}{name} is no parameter of {shape.name}")
            made[known] = shaped(inner, shape.members[known], f"{path}{name}.")
        return made
    if shape.type_name == "list":
        return [shaped(inner, shape.member, path) for inner in value]
    if shape.type_name == "map":
        return {name: shaped(inner, shape.value, path) for name, inner in value.items()}
    if shape.type_name == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if shape.type_name in _NUMBERS:
        return _NUMBERS[shape.type_name](value)
    return str(value) if isinstance(value, int | float) else value
