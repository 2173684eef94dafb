"""Early warnings: the orders that will be late, and who has acknowledged it."""

from starlette.responses import Response

from mtd.queries.reporting.warnings import list_warnings
from portal.visit import Visit


def show(visit: Visit) -> Response:
    """Those of orders on their way that nobody has acknowledged; with `all` every one, the newest first."""
    asked = visit.request.query_params
    everything, after = asked.get("view") == "all", asked.get("after", "")
    page = list_warnings(
        visit.read,
        everything=everything,
        after=int(after) if after.isdecimal() and len(after) < 18 else None,
    )
    return visit.page(
        "operations/warnings.html", rows=page["warnings"], next=page["next"], view="all" if everything else "open"
    )


def acknowledge(visit: Visit) -> Response:
    """In the person's name, through the API. Raises NotFound when somebody was faster."""
    warning_id = visit.number("warning_id")
    with visit.recording("acknowledge_warning", str(warning_id)):
        visit.api.acknowledge_warning(warning_id, visit.who.name)
    return visit.go("/warnings", "warning_acknowledged")
