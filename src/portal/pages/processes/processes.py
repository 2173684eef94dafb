"""Versions of processes: where their orders stand, how long they stand there, and which one new orders start on."""

from typing import Any

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest
from mtd.queries.processes import processes as queries
from portal.pages.operations.order_actions import resting
from portal.pages.processes import heat
from portal.visit import Visit

VIEWS = ("now", "times")
"""What a version's diagram shows: how many orders stand at each step, or how long they do."""


def show_all(visit: Visit) -> Response:
    return visit.page("processes/processes.html", versions=queries.list_versions(visit.read, None))


def show(visit: Visit) -> Response:
    """One version: its diagram with how many orders stand at each step, or how long. Raises NotFound."""
    version = asked_version(visit)
    view = visit.request.query_params.get("view", "")
    return visit.page(
        "processes/process.html",
        version=version,
        view=view if view in VIEWS else VIEWS[0],
        views=VIEWS,
        steps=resting(version["plan"]),
        heat=heat.marks(version["times"], visit.locale),
        legend=heat.legend(visit.locale),
    )


def places(visit: Visit) -> Response:
    """The part of it that changes: it asks for itself."""
    return visit.page("processes/process_places.html", version=asked_version(visit))


def change(visit: Visit) -> Response:
    """Activates or retires a version, through the API."""
    process, version, action = visit.form.get("process", ""), visit.number("version"), visit.form.get("action", "")
    if action not in ("activate", "retire"):
        raise InvalidRequest("a version is activated or retired", code="action_unknown")
    with visit.recording(f"{action}_process", f"{process} v{version}"):
        visit.api.change_process(process, version, action)
    return visit.go("/processes", f"process_{action}")


def asked_version(visit: Visit, name: str = "version") -> dict[str, Any]:
    """The version that the address names. Raises InvalidRequest, NotFound."""
    asked = visit.request.query_params
    return queries.process_version(visit.read, asked.get("process", ""), read_version(asked.get(name, "")))


def read_version(text: str) -> int:
    """Raises InvalidRequest for what is no version's number."""
    if not text.isdecimal() or len(text) > 9:
        raise InvalidRequest("version must be a whole number", code="number_malformed")
    return int(text)
