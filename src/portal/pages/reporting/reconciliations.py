"""Tax documents against Paperless's: a day's differences, who resolved them, and how long the folios last."""

from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from mtd.queries.reporting.reconciliations import list_reconciliations
from portal.rendering.context import Context
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationsContext(Context):
    """The reconciled days, the differences of the `chosen` one (ISO 8601) or all open ones, and the folios' reserves
    as the latest day found them."""

    template: ClassVar[str] = "reporting/reconciliations.html"

    chosen: str
    reconciliations: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    folios: list[dict[str, Any]]


def show(visit: Visit) -> Response:
    """All open differences, or one day's with those that are settled. Raises InvalidRequest for what is no day."""
    day = visit.request.query_params.get("day", "")
    listed = list_reconciliations(visit.read, day or None)
    latest = listed["reconciliations"] if not day else list_reconciliations(visit.read, None)["reconciliations"]
    return visit.page(
        ReconciliationsContext(
            chosen=day,
            reconciliations=latest,
            differences=listed["differences"],
            folios=latest[0]["folios"] if latest else [],
        )
    )


def reconcile(visit: Visit) -> Response:
    """Compares a day now, yesterday where none is given, through the API. Raises InvalidRequest."""
    day = visit.form.get("day", "")
    with visit.recording("reconcile_dte", day or "yesterday"):
        visit.api.reconcile_dte(day or None)
    return visit.go(f"/dte?day={day}" if day else "/dte", "reconciled")


def resolve(visit: Visit) -> Response:
    """Records how a person resolved a difference. Raises NotFound when somebody was faster, InvalidRequest."""
    difference_id, note = visit.number("difference_id"), visit.form.get("note", "")
    with visit.recording("resolve_difference", str(difference_id)) as result:
        visit.api.resolve_difference(difference_id, visit.who.name, note)
        result["note"] = note[:200]
    return visit.go("/dte", "difference_resolved")
