"""One order."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, ClassVar
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from mtd.domain.errors import NotFound
from mtd.domain.orders.order import READ_ERRORS, from_json
from mtd.domain.orders.totals import line_amount
from mtd.queries.flow import circuits
from mtd.queries.orders import order_page
from mtd.queries.reporting.control_room import state_names
from portal.live import DRAIN_RATE_UNKNOWN
from portal.pages.operations.order_actions import ROLES, fitting
from portal.pages.orders.situation import Situation, Words, marks, situation
from portal.rendering import formats
from portal.rendering.catalogue import circuit_name, known_state, state_name
from portal.rendering.context import Context
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderContext(Context):
    """An order with its `document` as it came, its `timeline` (each station with the seconds since the one before it),
    and the `actions` that its state and the visitor's role allow. `stamp` changes with
    the order. `marks` are the diagram's elements by what is special
    about them, `names` what they are called in the reader's language."""

    template: ClassVar[str] = "orders/order.html"

    page: order_page.OrderPage
    document: dict[str, Any]
    timeline: list[dict[str, Any]]
    actions: list[str]
    situation: Situation
    stamp: str
    marks: dict[str, list[str]]
    names: dict[str, str]


def show(visit: Visit) -> Response:
    """By its id; a number leads to the order that came last under it."""
    asked = visit.request.path_params["order"]
    try:
        order_id = UUID(asked)
    except ValueError:
        found = order_page.newest_with_number(visit.read, asked)
        if found is None:
            raise NotFound(f"there is no order {asked}", code="order_unknown") from None
        return RedirectResponse(f"/orders/{found}", 303)
    stamp = order_page.stamp(visit.read, order_id)
    page = order_page.order_page(visit.read, order_id, visit.api.archived)
    # An order that could not be understood is stored as it came.
    document = {"buyer": {}, "seller": {}, "totals": {}, "lines": []} | with_amounts(page.order["document"])
    actions = [action for action in fitting(page) if visit.who.role.may(ROLES[action])]
    return visit.page(
        OrderContext(
            page=page,
            document=document,
            timeline=_gaps(page.stations),
            actions=actions,
            stamp=stamp,
            situation=situation(page, circuits.list_circuits(visit.read, DRAIN_RATE_UNKNOWN), _words(visit)),
            marks=marks(page),
            names=_names(visit, page),
        )
    )


def with_amounts(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the amount of each line that does not name its own: price and quantity, less its discounts."""
    try:
        order = from_json(document)
    except READ_ERRORS:
        return document
    lines = [
        {"amount": str(line_amount(line, order.currency))} | written
        for line, written in zip(order.lines, document["lines"], strict=True)
    ]
    return document | {"lines": lines}


def _words(visit: Visit) -> Words:
    drawn = state_names(visit.read)
    return Words(
        say=visit.say,
        state=lambda state: state_name(visit.locale, state, drawn),
        circuit=lambda circuit: circuit_name(visit.locale, circuit),
        moment=lambda at: formats.moment(at, visit.zone, visit.locale),
        age=lambda since: formats.age(since, visit.locale),
    )


def _names(visit: Visit, page: order_page.OrderPage) -> dict[str, str]:
    """The drawn steps that the catalogue names, by the diagram's element."""
    nodes = page.order["plan"]["nodes"]
    return {
        node["element"]: name
        for node in nodes
        if node.get("element") and (name := known_state(visit.locale, node["id"]))
    }


def changes(visit: Visit) -> Response:
    """Has an open page load itself again when the order has changed since its `stamp`. Raises NotFound."""
    now = order_page.stamp(visit.read, visit.request.path_params["order"])
    if visit.request.query_params.get("stamp") == now:
        return Response(status_code=204)
    return Response(status_code=200, headers={"HX-Refresh": "true", "Cache-Control": "no-store"})


def write_note(visit: Visit) -> Response:
    """Keeps a note, through the API. Raises NotFound, InvalidRequest where nothing is written."""
    order_id = visit.request.path_params["order"]
    order = order_page.order_page(visit.read, order_id, visit.api.archived).order
    body = {"person": visit.who.name, "text": visit.form.get("text", ""), "order_id": str(order_id)}
    with visit.recording("write_note", order["number"]):
        visit.api.write_note(order["number"], body)
    return visit.go(f"/orders/{order_id}", "note_written")


def diagram(visit: Visit) -> Response:
    """The BPMN of a process version: it never changes."""
    text = order_page.diagram(visit.read, visit.request.path_params["version"])
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(text, media_type="application/xml", headers=headers)


def _gaps(stations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each station with the seconds since the one before it."""
    times = [datetime.fromisoformat(station["at"]) for station in stations]
    since = [0.0, *((later - earlier).total_seconds() for earlier, later in pairwise(times))]
    return [station | {"since": gap} for station, gap in zip(stations, since, strict=True)]
