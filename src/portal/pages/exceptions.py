"""Exceptions, waiting orders and rejected files: what a person must see to."""

from typing import Any

from starlette.responses import Response

from mtd.domain.errors import UnavailableError
from mtd.queries import operation
from portal.visit import Visit


def show(visit: Visit) -> Response:
    """The whole page, or for HTMX what changes of it."""
    read = visit.services.read
    fingerprint = visit.request.query_params.get("group", "")
    context = {
        "waiting": _waiting(visit),
        "groups": operation.incident_groups(read),
        "group": fingerprint,
        "members": operation.incidents_of(read, fingerprint) if fingerprint else [],
        "others": operation.exceptions_without_incident(read),
        "rejections": operation.latest_rejections(read),
    }
    part = visit.request.headers.get("hx-request")
    return visit.page("exceptions_list.html" if part else "exceptions.html", **context)


def push(visit: Visit) -> Response:
    """Pushes one waiting order, or all of them, back to the queue, through the API."""
    number = visit.form.get("number")
    subject = number or "all"
    try:
        pushed = visit.services.orders_api.push_waiting([number] if number else None)
    except UnavailableError as error:
        visit.record("push_waiting", subject, outcome=error.code)
        raise
    visit.record("push_waiting", subject, pushed=pushed[:100], count=len(pushed))
    return visit.go("/exceptions", "pushed", count=len(pushed))


def _waiting(visit: Visit) -> list[dict[str, Any]] | None:
    """None where the API does not answer: the rest of the page is worth showing all the same."""
    try:
        return visit.services.orders_api.waiting()
    except UnavailableError:
        return None
