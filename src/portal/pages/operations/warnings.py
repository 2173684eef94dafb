"""Early warnings: the orders that will be late, and who has acknowledged it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from mtd.queries.reporting.warnings import list_warnings
from portal.rendering.context import Context, Tab
from portal.visit import Visit

VIEWS = ("open", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningsContext(Context):
    """A page of warnings; `next` is the address of the page that follows, or empty."""

    template: ClassVar[str] = "operations/warnings.html"

    rows: list[dict[str, Any]]
    views: list[Tab]
    next: str


def show(visit: Visit) -> Response:
    """Those of orders on their way that nobody has acknowledged; with `all` every one, the newest first."""
    asked = visit.request.query_params
    everything, after = asked.get("view") == "all", asked.get("after", "")
    page = list_warnings(
        visit.read,
        everything=everything,
        after=int(after) if after.isdecimal() and len(after) < 18 else None,
    )
    view = "all" if everything else "open"
    tabs = [Tab(label=f"warning.{one}", href=f"/warnings?view={one}", chosen=one == view) for one in VIEWS]
    following = f"/warnings?view={view}&after={page['next']}" if page["next"] else ""
    return visit.page(WarningsContext(rows=page["warnings"], views=tabs, next=following))


def acknowledge(visit: Visit) -> Response:
    """In the person's name, through the API. Raises NotFound when somebody was faster."""
    warning_id = visit.number("warning_id")
    with visit.recording("acknowledge_warning", str(warning_id)):
        visit.api.acknowledge_warning(warning_id, visit.who.name)
    return visit.go("/warnings", "warning_acknowledged")
