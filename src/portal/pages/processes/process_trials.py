"""Trials of a version: with a sample order (simulation), and with the orders on another version (transfer)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from mtd.domain.errors import Conflict, InvalidRequest, NotFound
from mtd.queries.operations import bulk_operations
from mtd.queries.processes import processes
from portal.pages.operations.order_actions import MIGRATE, resting
from portal.pages.processes.engine_words import say_phrase
from portal.pages.processes.processes import asked_version, read_version
from portal.rendering.context import Context
from portal.visit import Visit

_MAP = "map."


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationContext(Context):
    """The `walk` of a sample order through a version, and the form to walk once more.

    `passed` and `places` are the diagram's elements that tokens have left and are at. `problem` says why there is no
    walk, `stuck` why it went no further.
    """

    template: ClassVar[str] = "processes/process_simulation.html"

    version: dict[str, Any]
    walk: dict[str, Any] | None
    problem: str
    stuck: str
    given: Mapping[str, str]
    steps: list[dict[str, Any]]
    passed: list[str]
    places: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationContext(Context):
    """The orders of version `old` go to `new` where it is chosen, else to one of `others`.

    `unmapped` has each step that the new version lacks, with how many orders are at it and the steps they could go to.
    """

    template: ClassVar[str] = "processes/process_migration.html"

    old: dict[str, Any]
    others: list[dict[str, Any]]
    new: dict[str, Any] | None
    unmapped: list[tuple[dict[str, Any], int, list[dict[str, Any]]]]


def simulate(visit: Visit) -> Response:
    """The way of a sample order, step by step; nothing changes. Raises NotFound for a version that there is not."""
    process, number = visit.form.get("process", ""), visit.number("version")
    version = processes.process_version(visit.read, process, number)
    walk, problem, stuck = None, "", ""
    try:
        walk = visit.api.simulate(process, number, _sample(visit, version))
        if why := walk["problem"]:
            stuck = say_phrase(visit.locale, why.get("phrase"), why["message"])
    except (InvalidRequest, NotFound) as error:
        problem = visit.explain(error)
    elements = {node["id"]: node.get("element") for node in version["plan"]["nodes"]}
    visited = [place["node"] for step in walk["steps"] for place in step["visited"]] if walk else []
    stands = walk["stands"] if walk else []
    return visit.answer(
        400 if problem else 200,
        SimulationContext(
            version=version,
            walk=walk,
            problem=problem,
            stuck=stuck,
            given=visit.form,
            steps=resting(version["plan"]),
            passed=[each for node in dict.fromkeys(visited) if node not in stands and (each := elements.get(node))],
            places=[each for node in stands if (each := elements.get(node))],
        ),
    )


def ask_migration(visit: Visit) -> Response:
    """The target version, and the name of each step there. Raises NotFound."""
    old = asked_version(visit, "from")
    others = [row for row in processes.list_versions(visit.read, old["process"]) if row["version"] != old["version"]]
    new = asked_version(visit, "to") if visit.request.query_params.get("to") else None
    return _migration(visit, old, others, new)


def rehearse(visit: Visit) -> Response:
    """A dry run of the migration: an operation whose page says what would become of each order."""
    process, given = visit.form.get("process", ""), visit.form
    old, new = read_version(given.get("from", "")), read_version(given.get("to", ""))
    names = {name.removeprefix(_MAP): value for name, value in given.items() if name.startswith(_MAP) and value}
    body = {"mode": "rehearse", "from": old, "to": new, "map": names, "reason": given.get("reason", "")}
    return visit.go(f"/operations/{begin_migration(visit, process, body)}")


def reverse(visit: Visit) -> Response:
    """Takes the orders of a migration back. Raises Conflict where it is none, or still runs."""
    done = bulk_operations.read_operation(visit.read, visit.number("operation_id"))
    if done["action"] != MIGRATE:
        raise Conflict("that operation has migrated no orders", code="not_reversible")
    body = {"mode": "reverse", "operation_id": done["operation_id"], "reason": visit.form.get("reason", "")}
    return visit.go(f"/operations/{begin_migration(visit, done['arguments']['process'], body)}")


def begin_migration(visit: Visit, process: str, body: dict[str, Any]) -> int:
    """Rehearses, runs or reverses one, through the API; the operation."""
    subject = f"{process} {body.get('from', '')}→{body.get('to', body.get('operation_id', ''))}"
    with visit.recording(f"{body['mode']}_migration", subject) as result:
        begun = visit.api.migrate(process, {"person": visit.who.name, **body})
        result["operation"] = begun
    return begun


def _migration(visit: Visit, old: dict[str, Any], others: list[dict[str, Any]], new: dict[str, Any] | None) -> Response:
    known = {step["id"] for step in new["plan"]["nodes"]} if new else set()
    missing = [step for step in resting(old["plan"]) if step["id"] not in known] if new else []
    targets = resting(new["plan"]) if new else []
    orders = {row["node"]: row["orders"] for row in old["places"]}
    unmapped = [
        (step, orders.get(step["id"], 0), [target for target in targets if target["kind"] == step["kind"]])
        for step in missing
    ]
    return visit.page(MigrationContext(old=old, others=others, new=new, unmapped=unmapped))


def _sample(visit: Visit, version: dict[str, Any]) -> dict[str, Any]:
    """Raises InvalidRequest for values that are no JSON object."""
    steps = {step["id"] for step in resting(version["plan"])}
    fails = [name for name in visit.form.get("fails", "").split(",") if name in steps]
    try:
        values = json.loads(visit.form.get("data", "").strip() or "{}")
    except (ValueError, RecursionError):
        raise InvalidRequest("the values are no JSON", code="values_malformed") from None
    return {"number": visit.form.get("number", "").strip() or None, "fails": fails, "values": values}
