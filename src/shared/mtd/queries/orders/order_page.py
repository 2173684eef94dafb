"""One order with all of its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mtd.domain.errors import NotFound
from mtd.queries.orders.orders import Reader, note_station, stations
from mtd.queries.processes.processes import enclosing
from mtd.queries.records.archive import events_of as archived_events
from mtd.queries.records.archive import rows_of
from mtd.sql import Row, load

_SQL = load(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """An order as its page shows it."""

    #: With the document and the plan.
    order: Row
    tokens: list[Row]
    #: Its way in order of time, `at` in ISO 8601.
    stations: list[Row]
    mails: list[Row]
    incidents: list[Row]
    #: The actions that people did or tried.
    operations: list[Row]
    notes: list[Row]
    #: The diagram's elements where tokens are.
    places: list[str]
    #: The diagram's elements where tokens have been.
    passed: list[str]
    #: The element that each of these lies in.
    inside: dict[str, str]


def order_page(read: Reader, order_id: UUID, archived: Callable[[UUID], Row]) -> OrderPage:
    """The order. `archived` reads an order's line from the archive. Raises NotFound."""
    key = {"order_id": order_id}
    found = read(_SQL["order"], key)
    if not found:
        raise NotFound(f"there is no order {order_id}", code="order_unknown")
    order = found[0]
    mails, incidents, events = (read(_SQL[what], key) for what in ("order_mails", "order_incidents", "order_events"))
    if order["archived_at"] is not None:
        line = archived(order_id)
        order |= {"document": line["order"]["document"]}
        mails, incidents = rows_of(line, "mails") + mails, rows_of(line, "incidents")[::-1] + incidents
        events = archived_events(line) + events
    tokens = read(_SQL["tokens"], key)
    elements = {node["id"]: node["element"] for node in order["plan"]["nodes"] if node.get("element")}
    current = [token["node"] for token in tokens] or [order["outcome"]]
    seen = dict.fromkeys(state for event in events for state in (event["from_state"], event["to_state"]))
    notes = read(_SQL["order_notes"], key)
    way = [station for event in events for station in stations(event, {})]
    way += [note_station(note, {}) for note in notes]
    return OrderPage(
        order=order,
        tokens=tokens,
        stations=sorted(way, key=lambda station: datetime.fromisoformat(station["at"])),
        mails=mails,
        incidents=incidents,
        operations=read(_SQL["order_operations"], key),
        notes=notes,
        places=[elements[state] for state in current if state in elements],
        passed=[elements[state] for state in seen if state in elements and state not in current],
        inside=enclosing(order["plan"]),
    )


def stamp(read: Reader, order_id: UUID) -> str:
    """A text that changes whenever the order, its events, notes or mails do. Raises NotFound."""
    found = read(_SQL["stamp"], {"order_id": order_id})
    if not found:
        raise NotFound(f"there is no order {order_id}", code="order_unknown")
    return str(found[0]["stamp"])


def newest_with_number(read: Reader, number: str) -> UUID | None:
    """The newest order with that number."""
    rows = read(_SQL["with_number"], {"number": number})
    return rows[0]["order_id"] if rows else None


def diagram(read: Reader, process_version_id: int) -> str:
    """The BPMN XML of a process version. Raises NotFound."""
    rows = read(_SQL["diagram"], {"process_version_id": process_version_id})
    if not rows:
        raise NotFound(f"there is no process version {process_version_id}", code="process_version_unknown")
    return str(rows[0]["diagram"])
