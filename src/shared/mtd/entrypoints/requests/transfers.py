"""The requests of /processes/{process}/migrations, checked and typed."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from mtd.domain.errors import Conflict, InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.entrypoints.requests.operations import canary_of, number_of, read_operation_request
from mtd.entrypoints.requests.tasks import read_text
from mtd.usecases.operations.bulk_operations import NewOperation, Selection
from mtd.usecases.operations.transfer_order import TRANSFER

type Find = Callable[[str, int], tuple[int, Plan] | None]
"""The id and the plan of a process's version; None for an unknown number."""

_MODES = ("rehearse", "run", "reverse")


def read_new_operation(
    path: Mapping[str, str], body: Json, version: Find, operation: Callable[[int], Mapping[str, Any]]
) -> NewOperation:
    """A new operation of /operations or of /processes/{process}/migrations. Raises as the functions for either."""
    if "process" not in path:
        return read_operation_request(body, operation)
    return read_migration_request(unquote(path["process"]), body, version, operation)


def read_migration_request(
    process: str, body: Json, version: Find, operation: Callable[[int], Mapping[str, Any]]
) -> NewOperation:
    """A rehearsal or a migration of all orders in flight on version `from`, or the reversal of one, by its operation.

    Raises InvalidRequest, NotFound, and Conflict where an operation cannot be reversed.
    """
    mode, person, reason = body.get("mode"), read_text(body, "person", 200), read_text(body, "reason", 2_000)
    if mode not in _MODES:
        raise InvalidRequest(f"mode must be one of {', '.join(_MODES)}", code="mode_unknown")
    if not person:
        raise InvalidRequest("person must be given", code="request_malformed")
    if not reason or not reason.strip():
        raise InvalidRequest("a reason must be given: the order's history keeps it", code="reason_missing")
    if mode == "reverse":
        arguments, selection = _reversal(process, body, operation)
    else:
        arguments = _forward(process, body, version)
        selection = Selection(version=arguments["from_id"])
    return NewOperation(
        action=TRANSFER,
        person=person,
        reason=reason.strip(),
        selection=selection,
        arguments=arguments,
        dry_run=mode == "rehearse",
        canary=canary_of(body),
        rate=number_of(body, "rate", most=1_000.0, zero=False),
        stop_at=number_of(body, "stop_at", most=1.0, zero=True),
    )


def _forward(process: str, body: Json, version: Find) -> Json:
    old, new = _number(body, "from"), _number(body, "to")
    if old == new:
        raise InvalidRequest("from and to name the same version: give two", code="same_version")
    (old_id, old_plan), (new_id, new_plan) = (_version(process, each, version) for each in (old, new))
    names = body.get("map") or {}
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise InvalidRequest(
            "map must be an object of node names: {old version's node: new version's node}", code="map_malformed"
        )
    unknown = [f"version {old} has no node {name!r}" for name in names if name not in old_plan.nodes]
    unknown += [f"version {new} has no node {name!r}" for name in names.values() if name not in new_plan.nodes]
    if unknown:
        raise InvalidRequest("; ".join(unknown[:10]), code="map_unknown_node")
    return {"process": process, "from": old, "to": new, "from_id": old_id, "to_id": new_id, "map": names}


def _reversal(process: str, body: Json, operation: Callable[[int], Mapping[str, Any]]) -> tuple[Json, Selection]:
    operation_id = _number(body, "operation_id")
    done = operation(operation_id)
    if done["action"] != TRANSFER or done["dry_run"] or done["arguments"]["process"] != process:
        raise Conflict(
            f"operation {operation_id} has migrated no orders of {process}: name one that has", code="not_reversible"
        )
    if done["status"] == "running":
        raise Conflict(f"operation {operation_id} is still running: stop it first", code="operation_running")
    was = done["arguments"]
    names = {new: old for old, new in was["map"].items()}
    arguments = {
        "process": process,
        "from": was["to"],
        "to": was["from"],
        "from_id": was["to_id"],
        "to_id": was["from_id"],
        "map": names,
        "reverses": operation_id,
    }
    return arguments, Selection(migrated_by=operation_id)


def _version(process: str, number: int, version: Find) -> tuple[int, Plan]:
    found = version(process, number)
    if found is None:
        raise NotFound(f"process {process} has no version {number}", code="version_unknown")
    return found


def _number(body: Json, name: str) -> int:
    value = body.get(name)
    if type(value) is not int or not 0 < value < 2**31:
        raise InvalidRequest(f"{name} must be a whole number above 0", code=f"{name}_malformed")
    return value
