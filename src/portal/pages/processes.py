"""Versions of processes: where their orders stand, and which one new orders start on."""

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest, MtdError
from mtd.queries import processes as queries
from portal.visit import Visit


def show_all(visit: Visit) -> Response:
    return visit.page("processes.html", versions=queries.list_versions(visit.read, None))


def show(visit: Visit) -> Response:
    """One version: its diagram with how many orders stand at each step. Raises NotFound."""
    asked = visit.request.query_params
    number = asked.get("version", "")
    if not number.isdecimal() or len(number) > 9:
        raise InvalidRequest("version must be a whole number", code="number_malformed")
    version = queries.process_version(visit.read, asked.get("process", ""), int(number))
    return visit.page("process.html", version=version)


def change(visit: Visit) -> Response:
    """Activates or retires a version, through the API."""
    process, version, action = visit.form.get("process", ""), visit.number("version"), visit.form.get("action", "")
    if action not in ("activate", "retire"):
        raise InvalidRequest("a version is activated or retired", code="action_unknown")
    try:
        visit.api.change_process(process, version, action)
    except MtdError as error:
        visit.record(f"{action}_process", f"{process} v{version}", outcome=error.code)
        raise
    visit.record(f"{action}_process", f"{process} v{version}")
    return visit.go("/processes", f"process_{action}")
