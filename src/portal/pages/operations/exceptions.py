"""Exceptions, waiting orders and rejected files: what a person must see to."""

import contextlib
from typing import Any

from starlette.responses import Response

from mtd.domain.errors import UnavailableError
from mtd.queries.reporting import control_room
from portal.visit import Visit


def show(visit: Visit) -> Response:
    """The whole page, or for HTMX what changes of it."""
    read = visit.read
    fingerprint = visit.request.query_params.get("group", "")
    context = {
        "groups": control_room.incident_groups(read),
        "group": fingerprint,
        "members": control_room.incidents_of(read, fingerprint) if fingerprint else [],
        "others": control_room.exceptions_without_incident(read),
        "rejections": control_room.latest_rejections(read),
    }
    part = visit.request.headers.get("hx-request")
    return visit.page("operations/exceptions_list.html" if part else "operations/exceptions.html", **context)


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
    return visit.page("operations/waiting.html", waiting=rows)


def push(visit: Visit) -> Response:
    """Pushes one waiting order, or all of them, back to the queue, through the API."""
    number = visit.form.get("number")
    with visit.recording("push_waiting", number or "all") as result:
        pushed = visit.api.push_waiting([number] if number else None)
        result |= {"pushed": pushed[:100], "count": len(pushed)}
    return visit.go("/exceptions", "pushed", count=len(pushed))
