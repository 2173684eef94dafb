"""Declares a connected system for an environment: checked, kept, and from the next batch on called as it says."""

from typing import Any, Protocol

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.domain.systems.system import read_system, system_json
from mtd.usecases.systems.ports import Systems


class AddressList(Protocol):
    """The addresses that the environment lets systems have."""

    def check_url(self, url: str) -> None:
        """Raises InvalidRequest (`address_refused`)."""
        ...


class SchemaCheck(Protocol):
    """JSON Schemas."""

    def check(self, schema: Any) -> None:
        """Raises InvalidRequest when it is not a JSON Schema."""
        ...


def declare_system(
    name: str, declaration: Any, person: Any, systems: Systems, addresses: AddressList, schemas: SchemaCheck
) -> Json:
    """Keep the declaration. Returns it as it holds, with `done`: `declared` or `changed`.

    Raises InvalidRequest that names the word at fault, also for an address that the environment does not allow.
    """
    if not isinstance(person, str) or not person.strip():
        raise InvalidRequest("person must be the name of who declares the system", code="person_missing")
    system = read_system(name, declaration)
    if system.url:
        addresses.check_url(system.url)
    for operation in system.operations.values():
        for word, schema in (("request", operation.request), ("answer", operation.answer)):
            if schema is not None:
                _check(schemas, schema, f"{word} of {name}/{operation.name}")
    new = systems.declare(system, person.strip()[:200])
    return {"system": name, "declaration": system_json(system), "done": "declared" if new else "changed"}


def _check(schemas: SchemaCheck, schema: Json, where: str) -> None:
    try:
        schemas.check(schema)
    except InvalidRequest as error:
        raise InvalidRequest(f"{where}: {error}", code="system_malformed") from None
