"""The write side of PostgreSQL: leases, commits and registrations, each one transaction and one pipeline."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Connection, Database
from mtd.adapters.postgres.flow.changes import write_changes
from mtd.adapters.postgres.flow.registration import insert_orders, registration_event
from mtd.domain.circuit import CircuitState
from mtd.domain.errors import MtdError
from mtd.domain.orders import order as orders
from mtd.engine.model import plan_json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, Waits
from mtd.sql import load
from mtd.usecases.flow.cases import (
    Changes,
    CurrentToken,
    LeasedToken,
    LeaseResult,
    LockedOrder,
    Message,
    NewOrder,
    Reference,
    Registration,
    TokenRow,
)
from mtd.usecases.flow.fail_order import fail_order
from mtd.usecases.flow.snapshots import snapshot_of_all

LOG = logging.getLogger(__name__)

_SQL = load(__name__)


class PostgresFlowStore:
    """Serves `ports.Work`. `send` delivers an outbox message; what it cannot deliver the relay will."""

    def __init__(self, database: Database, send: Callable[[Sequence[Message]], None], lease_seconds: float) -> None:
        self._database = database
        self._send = send
        self.lease_seconds = lease_seconds
        self._plans: dict[int, Plan] = {}

    def startable(self, tenant: str, process: str, version: int | None) -> tuple[int, Plan] | None:
        asked = {"tenant": tenant, "process": process, "version": version}
        rows = self._database.query(_SQL["startable_plan"], asked)
        return (rows[0]["process_version_id"], self._remember(rows[0])) if rows else None

    def plans(self, ids: Sequence[int], within: Connection | None = None) -> Mapping[int, Plan]:
        """`within` is the transaction that asks, where there is one."""
        missing = {"ids": [id_ for id_ in ids if id_ not in self._plans]}
        if missing["ids"]:
            query = _SQL["plans"]
            rows = within.execute(query, missing).fetchall() if within else self._database.query(query, missing)
            for row in rows:
                self._remember(row)
        return self._plans

    def _remember(self, row: Mapping[str, Any]) -> Plan:
        """Versions are immutable, so an environment keeps them for ever."""
        plan_id: int = row["process_version_id"]
        if plan_id not in self._plans:
            self._plans[plan_id] = plan_json.from_json(row["plan"])
        return self._plans[plan_id]

    def current(self, references: Sequence[Reference]) -> list[CurrentToken]:
        rows = self._database.query(_SQL["current_tokens"], {"references": reference_rows(references)})
        return [CurrentToken(**{**row, "waits": Waits(row["waits"])}) for row in rows]

    def lease(self, server: str, references: Sequence[Reference], system: str | None = None) -> LeaseResult:
        parameters = {
            "server": server,
            "references": reference_rows(references),
            "system": system,
            "lease_seconds": self.lease_seconds,
        }
        rows = self._database.query(_SQL["lease_tokens"], parameters)
        seen = [CircuitState(row.pop("seen")) for row in rows]
        return LeaseResult(cases=self.cases(row for row in rows if row["token_id"] is not None), circuit=seen[0])

    def cases(self, rows: Iterable[dict[str, Any]]) -> list[LeasedToken]:
        """Leased rows as cases; an order that cannot be read is set aside."""
        cases = []
        for row in rows:
            document, entered_at = row.pop("document"), row.pop("entered_at")
            place = CurrentToken(**row)
            del row["due_at"]
            try:
                cases.append(LeasedToken(order=orders.from_json(document), entered_at=entered_at, **row))
            except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
                self._set_aside(place, MtdError(f"the stored order is unreadable: {error!r}", code="order_unreadable"))
        return cases

    def _set_aside(self, place: CurrentToken, error: MtdError) -> None:
        """An order that this code cannot read must not keep its batch from being worked on."""
        LOG.error("order unreadable", extra={"order_id": str(place.order_id), "state": place.node})

        def decide(place: CurrentToken, held: LockedOrder) -> Changes:
            return fail_order(place, error, stood=snapshot_of_all(held), who="lease", detail={})

        self.commit([place], decide)

    def commit[T: (LeasedToken, CurrentToken)](
        self, cases: Sequence[T], decide: Callable[[T, LockedOrder], Changes], *, orders: bool = False
    ) -> None:
        rounds: dict[int, list[T]] = defaultdict(list)
        seen: Counter[UUID] = Counter()
        for case in cases:
            rounds[seen[case.order_id]].append(case)
            seen[case.order_id] += 1
        for each in rounds.values():
            self._commit(each, decide, orders)

    def _commit[T: (LeasedToken, CurrentToken)](
        self, cases: Sequence[T], decide: Callable[[T, LockedOrder], Changes], wanted: bool
    ) -> None:
        """At most one case of each order."""
        fence = [{"token_id": c.token_id, "version": c.version, "attempts": c.attempts} for c in cases]
        order_ids = [case.order_id for case in cases]
        with self._database.transaction() as connection:
            touched = connection.execute(_SQL["hold_orders"], {"order_ids": order_ids, "documents": wanted})
            rows = connection.execute(
                _SQL["held_tokens"], {"references": Jsonb(fence), "order_ids": order_ids}
            ).fetchall()
            held = locked_orders(touched.fetchall(), rows)
            confirmed = {row["token_id"] for row in rows if row["confirmed"]}
            changes = [decide(case, held[case.order_id]) for case in cases if case.token_id in confirmed]
            outbox = write_changes(connection, changes)
        self.deliver(outbox())

    def register(self, candidates: Sequence[NewOrder]) -> list[Registration]:
        by_id = {candidate.order_id: candidate for candidate in candidates}
        with self._database.transaction() as connection:
            registrations = insert_orders(connection, by_id)
            changes = [by_id[r.order_id].changes for r in registrations if r.status == "registered"]
            changes.append(
                Changes(events=[{**by_id[r.order_id].event, **registration_event(r)} for r in registrations])
            )
            outbox = write_changes(connection, changes)
        self.deliver(outbox())
        return registrations

    def deliver(self, sent: Sequence[tuple[int, Message]]) -> None:
        """Send the messages of a commit and forget their rows; what cannot be sent the relay will."""
        if not sent:
            return
        self._send([message for _, message in sent])
        self._database.query(_SQL["delete_outbox"], {"ids": [outbox_id for outbox_id, _ in sent]})


def reference_rows(references: Sequence[Reference]) -> Jsonb:
    """References as the queries take them."""
    return Jsonb([{"token_id": r.token_id, "version": r.version} for r in references])


def locked_orders(orders_: Sequence[Mapping[str, Any]], tokens: Sequence[Mapping[str, Any]]) -> dict[UUID, LockedOrder]:
    """Rows of orders and of their tokens as the use cases see them."""
    standing: dict[UUID, dict[int, TokenRow]] = defaultdict(dict)
    for row in tokens:
        token = Token(
            id=row["ordinal"], node=row["node"], waits=Waits(row["waits"]), scope=row["scope"], host=row["host"],
            via=row["via"], item=row["item"], size=row["size"], left=row["remaining"],
        )  # fmt: skip
        standing[row["order_id"]][token.id] = TokenRow(token_id=row["token_id"], version=row["version"], token=token)
    return {
        row["order_id"]: LockedOrder(
            order_id=row["order_id"],
            standing=standing[row["order_id"]],
            values=row["data"],
            order=orders.from_json(row["document"]) if row["document"] else None,
            suspended=row["suspended"],
        )
        for row in orders_
    }
