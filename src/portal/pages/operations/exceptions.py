"""Exceptions, waiting orders and rejected files: a person's work."""

import contextlib
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.responses import Response

from mtd.domain.errors import UnavailableError
from mtd.queries.reporting import control_room
from portal.rendering.confirm import CONFIRMED, ConfirmContext
from portal.rendering.context import Context, values
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionListContext(Context):
    """The part of the page that renews itself: the orders with an open incident, by cause; those of the cause `group`
    (a fingerprint) where one is chosen; exceptions without an incident; and files that can never become an order.

    Each list is a page of as many rows as its total says; `pages` has the addresses of the pages that follow, by list.
    """

    template: ClassVar[str] = "operations/exceptions_list.html"

    orders: int
    groups: list[dict[str, Any]]
    group: str
    members: list[dict[str, Any]]
    others: list[dict[str, Any]]
    others_total: int
    rejections: list[dict[str, Any]]
    rejections_total: int
    pages: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionsContext(ExceptionListContext):
    """`here` is the address from which the part renews itself."""

    template: ClassVar[str] = "operations/exceptions.html"

    here: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingContext(Context):
    """The waiting orders; None where the API did not answer."""

    template: ClassVar[str] = "operations/waiting.html"

    waiting: list[dict[str, Any]] | None


_LISTS = ("groups", "members", "others", "rejections")


def show(visit: Visit) -> Response:
    """The whole page, or for HTMX the part that changes. Each list has a page of its own: `groups_after` and so on."""
    read, asked = visit.read, visit.request.query_params
    fingerprint = asked.get("group", "")
    after = {name: _number(asked.get(f"{name}_after", "")) for name in _LISTS}
    nothing = control_room.Listed(rows=[], next=None)
    lists = {
        "groups": control_room.incident_groups(read, after["groups"]),
        "members": control_room.incidents_of(read, fingerprint, after["members"]) if fingerprint else nothing,
        "others": control_room.exceptions_without_incident(read, after["others"]),
        "rejections": control_room.latest_rejections(read, after["rejections"]),
    }
    place = {"group": fingerprint} if fingerprint else {}
    place |= {f"{name}_after": str(number) for name, number in after.items() if number}
    listed = ExceptionListContext(
        orders=control_room.open_incidents(read),
        groups=lists["groups"].rows,
        group=fingerprint,
        members=lists["members"].rows,
        others=lists["others"].rows,
        others_total=control_room.count_exceptions_without_incident(read),
        rejections=lists["rejections"].rows,
        rejections_total=control_room.count_rejections(read),
        pages={
            name: f"/exceptions?{urlencode(place | {f'{name}_after': page.next})}#{name}" if page.next else ""
            for name, page in lists.items()
        },
    )
    return visit.page(
        listed if visit.wants_part else ExceptionsContext(**values(listed), here=f"/exceptions?{urlencode(place)}")
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


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
