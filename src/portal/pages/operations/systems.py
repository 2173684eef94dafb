"""The connected systems: where they are, how they do, and a try of one for an order."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest, MtdError
from mtd.queries.systems import systems
from portal.rendering.context import Context
from portal.visit import Visit

_TASK = re.compile(r"([^/]+)/([^@]+)@(\d{1,9})/([^/]+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemsContext(Context):
    """`systems` with the `tasks` of active versions that they serve, and the `way` to each: `url`, `lease`, `lambda` or
    `queue`, with the `address` that it has there.

    `tried` is the answer to a try of `given`; `problem` says why there was none.
    """

    template: ClassVar[str] = "operations/systems.html"

    systems: list[dict[str, Any]]
    tried: dict[str, Any] | None = None
    given: dict[str, str]
    problem: str = ""


def show(visit: Visit) -> Response:
    """The list."""
    return visit.page(_context(visit, {"task": "", "number": ""}))


def try_(visit: Visit) -> Response:
    """Sends the request of a task for an order, through the API. Raises InvalidRequest for a choice that there is
    not."""
    given = {name: visit.form.get(name, "") for name in ("task", "number")}
    chosen = _TASK.fullmatch(given["task"])
    if chosen is None:
        raise InvalidRequest("a task must be chosen", code="task_unknown")
    system, process, version, task = chosen.groups()
    body: dict[str, Any] = {"process": process, "version": int(version), "task": task}
    if given["number"]:
        body["number"] = given["number"]
    try:
        with visit.recording("try_system", system, task=task, number=given["number"]):
            tried = visit.api.try_system(system, body)
    except MtdError as error:
        return visit.answer(400, _context(visit, given, problem=visit.explain(error)))
    return visit.page(_context(visit, given, tried=tried))


def _context(
    visit: Visit, given: dict[str, str], *, tried: dict[str, Any] | None = None, problem: str = ""
) -> SystemsContext:
    served = systems.served_tasks(visit.read)
    rows = [
        row | _way(row["declaration"]) | {"tasks": [task for task in served if task["system"] == row["system"]]}
        for row in systems.list_systems(visit.read)
    ]
    return SystemsContext(systems=rows, tried=tried, given=given, problem=problem)


def _way(declaration: dict[str, Any]) -> dict[str, Any]:
    way = next(word for word in ("url", "lease", "lambda", "queue") if word in declaration)
    return {"way": way, "address": declaration[way]}
