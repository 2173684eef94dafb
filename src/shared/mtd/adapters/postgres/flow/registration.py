"""Registers orders: each once, copies recognised, and what has a taken number as an order of its own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Connection
from mtd.domain.json_types import Json
from mtd.sql import load
from mtd.usecases.flow.cases import NewOrder, Registration

_SQL = load(__name__)
_NUMBERED = ("tenant", "seller_id", "number")
"""Within a tenant a seller uses a number once."""


def insert_orders(connection: Connection, by_id: Mapping[UUID, NewOrder]) -> list[Registration]:
    """Write the orders that are new, and those that come under a taken number; what became of each."""
    # Every registration takes the numbers in one order: two batches of the same orders never wait for each other.
    by_id = dict(sorted(by_id.items(), key=lambda item: _key(item[1].row)))
    rows = [candidate.row for candidate in by_id.values()]
    inserted = connection.execute(_SQL["insert_orders"], {"orders": Jsonb(rows)}).fetchall()
    new = {row["order_id"] for row in inserted}
    registrations = [Registration(order_id=order_id, status="registered") for order_id in by_id if order_id in new]
    old = [candidate for order_id, candidate in by_id.items() if order_id not in new]
    if not old:
        return registrations
    keys = [{name: candidate.row[name] for name in _NUMBERED} for candidate in old]
    standing = {
        _key(row): row["order_id"] for row in connection.execute(_SQL["orders_with_numbers"], {"keys": Jsonb(keys)})
    }
    conflicts = []
    for candidate in old:
        first = standing[_key(candidate.row)]
        if first == candidate.order_id:
            registrations.append(Registration(order_id=candidate.order_id, status="duplicate"))
        else:
            reason = f"number {candidate.row['number']} is taken by order {first} with other content"
            conflicts.append({**candidate.row, "conflicts_with": first, "reason": reason})
            registrations.append(Registration(order_id=candidate.order_id, status="conflict", with_order=first))
    if conflicts:
        connection.execute(_SQL["insert_conflicts"], {"orders": Jsonb(conflicts)})
    return registrations


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in _NUMBERED)


def registration_event(registration: Registration) -> Json:
    """What the event of an order says that was not simply registered."""
    if registration.status == "registered":
        return {}
    if registration.status == "duplicate":
        return {"what": "received again: the same content, ignored", "to_state": None}
    return {
        "what": f"conflict: the number is taken by order {registration.with_order}",
        "to_state": "exception",
    }
