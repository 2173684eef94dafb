"""The legacy systems' circuits: a supervisor opens one by hand, or closes it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest
from mtd.queries.flow import circuits
from portal.live import DRAIN_RATE_UNKNOWN
from portal.rendering.context import Context
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitsContext(Context):
    """A part of the exceptions' page that renews itself."""

    template: ClassVar[str] = "operations/circuits.html"

    circuits: list[dict[str, Any]]


def show(visit: Visit) -> Response:
    return visit.page(CircuitsContext(circuits=circuits.list_circuits(visit.read, DRAIN_RATE_UNKNOWN)))


def change(visit: Visit) -> Response:
    """Through the API. Raises InvalidRequest for what is neither open nor close."""
    system, action, reason = (visit.form.get(name, "") for name in ("system", "action", "reason"))
    if action not in ("open", "close"):
        raise InvalidRequest("a circuit is opened or closed", code="action_unknown")
    with visit.recording(f"{action}_circuit", system, reason=reason):
        visit.api.change_circuit(system, {"action": action, "person": visit.who.name, "reason": reason})
    page = "/systems" if visit.form.get("page") == "systems" else "/exceptions"
    return visit.go(page, f"circuit_{action}")
