"""The write side of PostgreSQL: leases and commits, each one transaction and one pipeline."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Connection, Database
from mtd.adapters.postgres.flow.changes import OutboxRows, write_changes
from mtd.domain.circuit import CircuitState
from mtd.domain.errors import MtdError
from mtd.domain.orders import order as orders
from mtd.domain.orders.order import Order
from mtd.engine.model import plan_json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, Waits
from mtd.sql import load
from mtd.usecases.flow.changes import Changes, Message
from mtd.usecases.flow.tokens import (
    CurrentToken,
    LeasedToken,
    LeaseResult,
    LockedOrder,
    OrderSnapshot,
    TokenReference,
    TokenRow,
    UnreadableToken,
)

if TYPE_CHECKING:
    from mtd.adapters.postgres.messages.messages import PostgresKeptMessages

LOG = logging.getLogger(__name__)

_SQL = load(__name__)


class PostgresFlowStore:
    """Serves `ports.FlowStore`. `send` delivers outbox messages; `relay_outbox` delivers those that it cannot."""

    def __init__(self, database: Database, send: Callable[[Sequence[Message]], None], lease_seconds: float) -> None:
        self._database = database
        self._send = send
        self.lease_seconds = lease_seconds
        self._plans: dict[int, Plan] = {}

    def plans(self, ids: Sequence[int], within: Connection | None = None) -> Mapping[int, Plan]:
        """The plans by their ids. `within` is the caller's transaction, if it has one."""
        missing = {"ids": [id_ for id_ in ids if id_ not in self._plans]}
        if missing["ids"]:
            query = _SQL["plans"]
            rows = within.execute(query, missing).fetchall() if within else self._database.query(query, missing)
            for row in rows:
                try:
                    self.remember(row)
                except orders.READ_ERRORS:
                    # Orders of other versions go on; those of this one become exceptions.
                    LOG.exception("plan unreadable", extra={"process_version_id": row["process_version_id"]})
        return self._plans

    def remember(self, row: Mapping[str, Any]) -> Plan:
        """The row's plan. A version never changes, so the environment keeps its plan."""
        plan_id: int = row["process_version_id"]
        if plan_id not in self._plans:
            self._plans[plan_id] = plan_json.from_json(row["plan"])
        return self._plans[plan_id]

    def current(self, references: Sequence[TokenReference]) -> list[CurrentToken]:
        rows = self._database.query(_SQL["current_tokens"], {"references": reference_rows(references)})
        return [CurrentToken(**{**row, "waits": Waits(row["waits"])}) for row in rows]

    def lease(self, server: str, references: Sequence[TokenReference], system: str | None = None) -> LeaseResult:
        parameters = {
            "server": server,
            "references": reference_rows(references),
            "system": system,
            "lease_seconds": self.lease_seconds,
        }
        rows = self._database.query(_SQL["lease_tokens"], parameters)
        states = [CircuitState(row.pop("seen")) for row in rows]
        return lease_result((row for row in rows if row["token_id"] is not None), states[0])

    def snapshots(self, order_ids: Sequence[UUID]) -> Mapping[UUID, OrderSnapshot]:
        asked = {"order_ids": list(order_ids)}
        with self._database.transaction() as connection:
            orders = connection.execute(_SQL["order_values"], asked)
            tokens = connection.execute(_SQL["active_tokens"], asked)
            rows, found = token_rows(tokens.fetchall()), orders.fetchall()
        return {row["order_id"]: OrderSnapshot(rows=rows[row["order_id"]], values=row["data"]) for row in found}

    @contextmanager
    def unit_of_work(
        self, tokens: Sequence[LeasedToken] | Sequence[CurrentToken], *, with_content: bool = False
    ) -> Iterator["PostgresUnitOfWork"]:
        fence = [{"token_id": t.token_id, "version": t.version, "attempts": t.attempts} for t in tokens]
        order_ids = [token.order_id for token in tokens]
        with self.committing() as unit:
            wanted = {"order_ids": order_ids, "documents": with_content}
            orders = unit.connection.execute(_SQL["hold_orders"], wanted)
            asked = {"references": Jsonb(fence), "order_ids": order_ids}
            rows = unit.connection.execute(_SQL["held_tokens"], asked).fetchall()
            locked = locked_orders(orders.fetchall(), rows)
            yield PostgresUnitOfWork(unit, locked, {row["token_id"] for row in rows if row["confirmed"]})

    @contextmanager
    def committing(self) -> Iterator["Commit"]:
        """A transaction that writes its changes at the end of the block, and sends their messages after the commit."""
        with self._database.transaction() as connection:
            unit = Commit(connection)
            yield unit
            write_changes(connection, unit.changes, unit.outbox)
        self._deliver(unit.outbox.sent_rows())

    def _deliver(self, sent: Sequence[tuple[int, Message]]) -> None:
        """Send the messages of a commit and delete their rows. `relay_outbox` sends those that fail here."""
        if sent:
            self._send([message for _, message in sent])
            self._database.query(_SQL["delete_outbox"], {"ids": [outbox_id for outbox_id, _ in sent]})


class Commit:
    """An open transaction: its connection, and the changes that it writes at its end."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.changes: list[Changes] = []
        self.outbox = OutboxRows()


class PostgresUnitOfWork:
    """Serves `ports.UnitOfWork`."""

    def __init__(self, commit: Commit, orders: Mapping[UUID, LockedOrder], confirmed: Collection[int]) -> None:
        self._commit = commit
        self._orders = orders
        self._confirmed = confirmed

    def locked(self, token: LeasedToken | CurrentToken) -> LockedOrder | None:
        return self._orders[token.order_id] if token.token_id in self._confirmed else None

    def write(self, changes: Changes) -> None:
        self._commit.changes.append(changes)

    @property
    def messages(self) -> "PostgresKeptMessages":
        # Most units of work have to do with no message.
        from mtd.adapters.postgres.messages.messages import PostgresKeptMessages

        return PostgresKeptMessages(self._commit.connection)


def lease_result(rows: Iterable[dict[str, Any]], circuit: CircuitState) -> LeaseResult:
    """Leased rows as tokens with their orders. Tokens with an unreadable order are in `unreadable`."""
    tokens, unreadable = [], []
    for row in rows:
        document, entered_at = row.pop("document"), row.pop("entered_at")
        current = CurrentToken(**row)
        del row["due_at"]
        try:
            tokens.append(LeasedToken(order=orders.from_json(document), entered_at=entered_at, **row))
        except orders.READ_ERRORS as error:
            reason = MtdError(f"the order's stored content cannot be read: {error!r}", code="order_unreadable")
            unreadable.append(UnreadableToken(token=current, error=reason))
    return LeaseResult(tokens=tokens, unreadable=unreadable, circuit=circuit)


def reference_rows(references: Sequence[TokenReference]) -> Jsonb:
    """References as the queries take them."""
    return Jsonb([{"token_id": r.token_id, "version": r.version} for r in references])


def locked_orders(
    order_rows: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> dict[UUID, LockedOrder]:
    """Rows of orders and of their tokens as the use cases see them."""
    tokens = token_rows(rows)
    return {
        row["order_id"]: LockedOrder(
            order_id=row["order_id"],
            rows=tokens[row["order_id"]],
            values=row["data"],
            zone=ZoneInfo(row["zone"]),
            order=_content(row["document"]),
            suspended=row["suspended"],
            visits=row["visits"],
        )
        for row in order_rows
    }


def token_rows(rows: Iterable[Mapping[str, Any]]) -> Mapping[UUID, dict[int, TokenRow]]:
    """Rows of tokens as the use cases see them, by their orders and the interpreter's ids."""
    tokens: dict[UUID, dict[int, TokenRow]] = defaultdict(dict)
    for row in rows:
        token = Token(
            id=row["ordinal"],
            node=row["node"],
            waits=Waits(row["waits"]),
            scope=row["scope"],
            host=row["host"],
            via=row["via"],
            item=row["item"],
            size=row["size"],
            left=row["remaining"],
            element=row["element"],
            elements=None if row["elements"] is None else tuple(row["elements"]),
            values=row["own_values"],
            visit=row["visit"],
        )
        tokens[row["order_id"]][token.id] = TokenRow(
            token_id=row["token_id"], version=row["version"], token=token, since=row["since"]
        )
    return tokens


def _content(document: Any) -> Order | None:
    try:
        return orders.from_json(document) if document else None
    except orders.READ_ERRORS:
        LOG.exception("order unreadable")
        return None
