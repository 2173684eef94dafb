"""Joins an OpenAPI file and the schemas it refers to, because API Gateway resolves references within one document
only."""

from functools import cache
from pathlib import Path
from typing import Any

from delivery.packaging.template import load
from devenv.problem import Problem

_WITHIN = "#/components/schemas/"


def one_document(path: Path) -> Any:
    """The document, with every `{$ref: other.yaml#/Name}` changed into a reference to its own components. Raises
    Problem for a reference to a missing schema."""
    read = cache(load)
    document = read(path)
    schemas: dict[str, Any] = {}

    def take_in(node: Any, file: Path) -> None:
        for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            take_in(value, file)
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str) or reference.startswith(_WITHIN):
            return
        name, _, schema = reference.partition("#/")
        source = file.parent / name if name else file
        found = read(source).get(schema) if source.is_file() else None
        if found is None:
            raise Problem(f"{file} refers to {reference}, which does not exist.", fix="Correct the reference.")
        node["$ref"] = _WITHIN + schema
        if schema not in schemas:
            schemas[schema] = found
            take_in(found, source)

    take_in(document, path)
    if schemas:
        document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
    return document
