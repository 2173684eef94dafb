"""Exceptions, waiting orders and rejected files: a person's work."""

import contextlib
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from mtd.domain.errors import UnavailableError
from mtd.queries.reporting import control_room
from portal.rendering.confirm import CONFIRMED, ConfirmContext
from portal.rendering.context import Context, values
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionListContext(Context):
    """The part of the page that renews itself: open incidents by cause, the orders of the cause `group` (a
    fingerprint) where one is chosen, exceptions without an incident, and files that can never become an order."""

    template: ClassVar[str] = "operations/exceptions_list.html"

    groups: list[dict[str, Any]]
    group: str
    members: list[dict[str, Any]]
    others: list[dict[str, Any]]
    rejections: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionsContext(ExceptionListContext):
    template: ClassVar[str] = "operations/exceptions.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingContext(Context):
    """The waiting orders; None where the API did not answer."""

    template: ClassVar[str] = "operations/waiting.html"

    waiting: list[dict[str, Any]] | None


def show(visit: Visit) -> Response:
    """The whole page, or for HTMX what changes of it."""
    read = visit.read
    fingerprint = visit.request.query_params.get("group", "")
    listed = ExceptionListContext(
        groups=control_room.incident_groups(read),
        group=fingerprint,
        members=control_room.incidents_of(read, fingerprint) if fingerprint else [],
        others=control_room.exceptions_without_incident(read),
        rejections=control_room.latest_rejections(read),
    )
    return visit.page(listed if visit.wants_part else ExceptionsContext(**values(listed)))


def waiting(visit: Visit) -> Response:
    """The waiting queue as it is now, which takes the API about a second to look through: a part of its own.

    With `known` it is what PostgreSQL knows of it, at once: for pages that are open when it changes.
    """
    rows: list[dict[str, Any]] | None = None
    if "known" in visit.request.query_params:
        rows = control_room.waiting_orders(visit.read)
    else:
        with contextlib.suppress(UnavailableError):
            rows = visit.api.waiting()
    return visit.page(WaitingContext(waiting=rows))


def push(visit: Visit) -> Response:
    """Pushes one waiting order back to the queue, or, when that is confirmed, all of them, through the API."""
    number = visit.form.get("number")
    if not number and CONFIRMED not in visit.form:
        return visit.page(_push_all(visit))
    with visit.recording("push_waiting", number or "all") as result:
        pushed = visit.api.push_waiting([number] if number else None)
        result |= {"pushed": pushed[:100], "count": len(pushed)}
    return visit.go("/exceptions", "pushed", count=len(pushed))


def _push_all(visit: Visit) -> ConfirmContext:
    return ConfirmContext(
        title=visit.say("confirm.push_title"),
        effects=[visit.say("confirm.push_all", count=len(visit.api.waiting())), visit.say("confirm.push_again")],
        action="/waiting/push",
        fields={},
        text=visit.say("exceptions.push_all"),
        back="/exceptions",
    )
