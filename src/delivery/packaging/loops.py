"""Writes Fn::ForEach out while packaging. LocalStack expands it wrongly (a Fn::Sub in it loses its other variables),
and AWS gets the same templates."""

from typing import Any

from devenv.problem import Problem

_PREFIX = "Fn::ForEach::"


def written_out(node: Any) -> Any:
    """The template with every loop over a literal list replaced by its result. Raises Problem for an invalid loop."""
    if isinstance(node, list):
        return [written_out(item) for item in node]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for key, value in node.items():
        if isinstance(key, str) and key.startswith(_PREFIX):
            made.update(_loop(key, value))
        else:
            made[key] = written_out(value)
    return made


def _loop(name: str, definition: Any) -> dict[str, Any]:
    match definition:
        case [str() as identifier, list() as collection, dict() as body] if all(
            isinstance(item, str) for item in collection
        ):
            made: dict[str, Any] = {}
            for item in collection:
                made.update(written_out(_substituted(body, identifier, item)))
            return made
        case [str(), {"Ref": _}, dict()]:
            return {name: definition}
        case _:
            raise Problem(
                f"{name} is not a name, a list of texts and an object.", fix="Write the list out in the template."
            )


def _substituted(node: Any, identifier: str, value: str) -> Any:
    if isinstance(node, str):
        plain = "".join(character for character in value if character.isalnum())
        return node.replace(f"${{{identifier}}}", value).replace(f"&{{{identifier}}}", plain)
    if isinstance(node, list):
        return [_substituted(item, identifier, value) for item in node]
    if isinstance(node, dict):
        if node == {"Ref": identifier}:
            return value
        return {
            _substituted(key, identifier, value): _substituted(item, identifier, value) for key, item in node.items()
        }
    return node
