"""Versions of processes: the steps their orders are at, the time these take, and the version new orders start on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest
from mtd.queries.processes import processes as queries
from portal.pages.operations.order_actions import resting
from portal.pages.processes import heat
from portal.rendering.confirm import CONFIRMED, ConfirmContext
from portal.rendering.context import Context, Tab
from portal.visit import Visit

VIEWS = ("now", "times")
"""What a version's diagram shows: how many orders are at each step, or how long they stay there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessesContext(Context):
    template: ClassVar[str] = "processes/processes.html"

    versions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlacesContext(Context):
    """The part of a version's page that renews itself."""

    template: ClassVar[str] = "processes/process_places.html"

    version: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessContext(ProcessPlacesContext):
    """A version with its diagram: the `view`, the colours of times with their legend, and the form of a simulation
    with the `steps` that may fail and what was `given`."""

    template: ClassVar[str] = "processes/process.html"

    view: str
    views: list[Tab]
    steps: list[dict[str, Any]]
    given: Mapping[str, str]
    heat: dict[str, dict[str, Any]]
    legend: list[tuple[int, str]]


def show_all(visit: Visit) -> Response:
    return visit.page(ProcessesContext(versions=queries.list_versions(visit.read, None)))


def show(visit: Visit) -> Response:
    """One version: its diagram with the orders at each step, or their times there. Raises NotFound."""
    version = asked_version(visit)
    asked = visit.request.query_params.get("view", "")
    view = asked if asked in VIEWS else VIEWS[0]
    place = {"process": version["process"], "version": version["version"]}
    return visit.page(
        ProcessContext(
            version=version,
            view=view,
            views=[
                Tab(
                    label=f"process.tab_{one}",
                    href=f"/processes/version?{urlencode(place | {'view': one})}",
                    chosen=one == view,
                )
                for one in VIEWS
            ],
            steps=resting(version["plan"]),
            given={},
            heat=heat.marks(version["times"], visit.locale),
            legend=heat.legend(visit.locale),
        )
    )


def places(visit: Visit) -> Response:
    return visit.page(ProcessPlacesContext(version=asked_version(visit)))


def change(visit: Visit) -> Response:
    """Activates or retires a version, through the API. Retiring an active one is confirmed first."""
    process, version, action = visit.form.get("process", ""), visit.number("version"), visit.form.get("action", "")
    if action not in ("activate", "retire"):
        raise InvalidRequest("a version is activated or retired", code="action_unknown")
    if action == "retire" and CONFIRMED not in visit.form and (asked := _retirement(visit, process, version)):
        return visit.page(asked)
    with visit.recording(f"{action}_process", f"{process} v{version}"):
        visit.api.change_process(process, version, action)
    return visit.go("/processes", f"process_{action}")


def _retirement(visit: Visit, process: str, version: int) -> ConfirmContext | None:
    """The effect of retiring an active version; None where the version takes no new orders anyway."""
    versions = queries.list_versions(visit.read, process)
    found = next((row for row in versions if row["version"] == version and row["active"]), None)
    if found is None:
        return None
    last = not any(row["active"] for row in versions if row is not found)
    effects = [visit.say("confirm.retire_last" if last else "confirm.retire_other", process=process)]
    effects.append(visit.say("confirm.retire_in_flight", count=found["orders_in_flight"]))
    return ConfirmContext(
        title=visit.say("confirm.retire_title", process=process, version=version),
        effects=effects,
        action="/processes",
        fields={"process": process, "version": str(version), "action": "retire"},
        text=visit.say("process.do_retire"),
        back="/processes",
    )


def asked_version(visit: Visit, name: str = "version") -> dict[str, Any]:
    """The version that the address names. Raises InvalidRequest, NotFound."""
    asked = visit.request.query_params
    return queries.process_version(visit.read, asked.get("process", ""), read_version(asked.get(name, "")))


def read_version(text: str) -> int:
    """Raises InvalidRequest for what is no version's number."""
    if not text.isdecimal() or len(text) > 9:
        raise InvalidRequest("version must be a whole number", code="number_malformed")
    return int(text)
