"""Registers each order once. It recognises copies; other content under a taken number is a new order."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Connection, Database
from mtd.adapters.postgres.flow.store import Commit, PostgresFlowStore
from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order
from mtd.sql import load
from mtd.usecases.flow.changes import Changes
from mtd.usecases.intake.new_orders import NewOrder, Registration, RegistrationStatus, StartableProcess

_SQL = load(__name__)
_NUMBERED = ("tenant", "seller_id", "number")
"""Within a tenant a seller uses a number once."""


class PostgresRegistrar:
    """Serves `ports.Registrar`. `store` commits and sends the messages."""

    def __init__(self, database: Database, store: PostgresFlowStore) -> None:
        self._database = database
        self._store = store

    def startable(self, tenant: str, process: str, version: int | None) -> StartableProcess | None:
        asked = {"tenant": tenant, "process": process, "version": version}
        rows = self._database.query(_SQL["startable_plan"], asked)
        if not rows:
            return None
        [row] = rows
        plan, zone = self._store.remember(row), ZoneInfo(row["zone"])
        return StartableProcess(version_id=row["process_version_id"], plan=plan, zone=zone)

    @contextmanager
    def registration(self, new_orders: Sequence[NewOrder]) -> Iterator["PostgresRegistrations"]:
        with self._store.committing() as commit:
            yield PostgresRegistrations(commit, insert_orders(commit.connection, new_orders))


class PostgresRegistrations:
    """Serves `ports.Registrations`."""

    def __init__(self, commit: Commit, results: Sequence[Registration]) -> None:
        self._commit = commit
        self.results = results

    def write(self, changes: Changes) -> None:
        self._commit.changes.append(changes)


def insert_orders(connection: Connection, new_orders: Sequence[NewOrder]) -> list[Registration]:
    """Write the orders that are new, and those under a taken number. Returns the result of each."""
    # Every registration locks the numbers in the same order, so that two batches never wait for each other in a circle.
    rows = {new.order_id: row for row, new in sorted(((_row(new), new) for new in new_orders), key=_by_number)}
    inserted = connection.execute(_SQL["insert_orders"], {"orders": Jsonb(list(rows.values()))}).fetchall()
    written = {row["order_id"] for row in inserted}
    new = [order_id for order_id in rows if order_id in written]
    registrations = [Registration(order_id=each, status=RegistrationStatus.REGISTERED) for each in new]
    old = {order_id: row for order_id, row in rows.items() if order_id not in written}
    if not old:
        return registrations
    keys = [{name: row[name] for name in _NUMBERED} for row in old.values()]
    found = connection.execute(_SQL["orders_with_numbers"], {"keys": Jsonb(keys)}).fetchall()
    first = {_key(row): row["order_id"] for row in found}
    conflicts = []
    for order_id, row in old.items():
        other = first[_key(row)]
        if other == order_id:
            registrations.append(Registration(order_id=order_id, status=RegistrationStatus.DUPLICATE))
        else:
            reason = f"number {row['number']} is taken by order {other} with other content"
            conflicts.append({**row, "conflicts_with": other, "reason": reason})
            conflict = Registration(order_id=order_id, status=RegistrationStatus.CONFLICT, with_order=other)
            registrations.append(conflict)
    if conflicts:
        connection.execute(_SQL["insert_conflicts"], {"orders": Jsonb(conflicts)})
    return registrations


def content_columns(order: Order) -> Json:
    """The columns that repeat the order's content for lists and search."""
    return {
        "buyer_id": order.buyer.rut or order.buyer.id,
        "buyer_name": order.buyer.name,
        "currency": order.currency,
        "promised_on": order.promised_on,
    }


def _row(new: NewOrder) -> Json:
    order = new.order
    return {
        "order_id": new.order_id,
        "tenant": new.tenant,
        "number": order.number,
        "seller_id": order.seller.id,
        "seller_name": order.seller.name,
        **content_columns(order),
        "total": new.total,
        "document": new.document,
        "content_hash": order.content_hash,
        "process_version_id": new.process_version_id,
        "source": new.source,
        "outcome": new.outcome,
        "reason": new.reason,
    }


def _by_number(pair: tuple[Json, NewOrder]) -> tuple[str, ...]:
    return _key(pair[0])


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in _NUMBERED)
