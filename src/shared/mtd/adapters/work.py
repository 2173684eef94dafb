"""The write side of PostgreSQL: leases, commits and registrations, each one transaction and one pipeline."""

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mtd.adapters.database import Connection, Database
from mtd.domain import order as orders
from mtd.domain.errors import MtdError
from mtd.engine import plan_json
from mtd.engine.plan import Plan
from mtd.engine.tokens import Token, Waits
from mtd.sql import load
from mtd.usecases.ports import (
    Candidate,
    Case,
    Changes,
    Held,
    Json,
    Message,
    Place,
    Reference,
    Registration,
    Standing,
)
from mtd.usecases.set_aside import set_aside
from mtd.usecases.standing import stood_alone

LOG = logging.getLogger(__name__)

_SQL = load("flow")
TOKENS_PER_MESSAGE = 100
MAILS_PER_MESSAGE = 50
LONGEST_DELAY_SECONDS = 900
"""What SQS can delay a message by."""

# The order in which a commit writes its rows: parameter names of the queries in flow.sql.
_WRITES = (
    ("move_tokens", "moves"),
    ("retry_tokens", "retries"),
    ("release_tokens", "releases"),
    ("end_tokens", "ends"),
    ("insert_tokens", "tokens"),
    ("complete_tasks", "completed"),
    ("cancel_tasks", "left"),
    ("insert_tasks", "tasks"),
    ("set_values", "values"),
    ("set_totals", "totals"),
    ("insert_tax_documents", "documents"),
    ("insert_credit_notes", "credit_notes"),
    ("insert_mails", "mails"),
    ("insert_incidents", "incidents"),
    ("keep_lost", "lost"),
    ("insert_events", "events"),
)


class PostgresWork:
    """Serves `ports.Work`. `send` delivers an outbox message; what it cannot deliver the relay will."""

    def __init__(self, database: Database, send: Callable[[Sequence[Message]], None], lease_seconds: float) -> None:
        self._database = database
        self._send = send
        self._lease_seconds = lease_seconds
        self._plans: dict[int, Plan] = {}

    def startable(self, process: str, version: int | None) -> tuple[int, Plan] | None:
        rows = self._database.query(_SQL["startable_plan"], {"process": process, "version": version})
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

    def current(self, references: Sequence[Reference]) -> list[Place]:
        rows = self._database.query(_SQL["current_tokens"], {"references": _references(references)})
        return [Place(**{**row, "waits": Waits(row["waits"])}) for row in rows]

    def lease(self, server: str, references: Sequence[Reference]) -> list[Case]:
        parameters = {
            "server": server,
            "references": _references(references),
            "lease_seconds": self._lease_seconds,
        }
        cases = []
        for row in self._database.query(_SQL["lease_tokens"], parameters):
            document, entered_at = row.pop("document"), row.pop("entered_at")
            place = Place(**row)
            del row["due_at"]
            try:
                cases.append(Case(order=orders.from_json(document), entered_at=entered_at, **row))
            except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
                self._set_aside(place, MtdError(f"the stored order is unreadable: {error!r}", code="order_unreadable"))
        return cases

    def _set_aside(self, place: Place, error: MtdError) -> None:
        """An order that this code cannot read must not keep its batch from being worked on."""
        LOG.error("order unreadable", extra={"order_id": str(place.order_id), "state": place.node})

        def decide(place: Place, held: Held) -> Changes:
            return set_aside(
                order_id=place.order_id,
                token_id=place.token_id,
                version=place.version,
                attempts=place.attempts,
                node=place.node,
                error=error,
                stood=stood_alone(held),
                who="lease",
                detail={},
            )

        self.commit([place], decide)

    def commit[T: (Case, Place)](
        self, cases: Sequence[T], decide: Callable[[T, Held], Changes], *, orders: bool = False
    ) -> None:
        rounds: dict[int, list[T]] = defaultdict(list)
        seen: Counter[UUID] = Counter()
        for case in cases:
            rounds[seen[case.order_id]].append(case)
            seen[case.order_id] += 1
        for each in rounds.values():
            self._commit(each, decide, orders)

    def _commit[T: (Case, Place)](self, cases: Sequence[T], decide: Callable[[T, Held], Changes], wanted: bool) -> None:
        """At most one case of each order."""
        fence = [{"token_id": c.token_id, "version": c.version, "attempts": c.attempts} for c in cases]
        order_ids = [case.order_id for case in cases]
        with self._database.transaction() as connection:
            touched = connection.execute(_SQL["hold_orders"], {"order_ids": order_ids, "documents": wanted})
            rows = connection.execute(
                _SQL["held_tokens"], {"references": Jsonb(fence), "order_ids": order_ids}
            ).fetchall()
            held = held_orders(touched.fetchall(), rows)
            confirmed = {row["token_id"] for row in rows if row["confirmed"]}
            changes = [decide(case, held[case.order_id]) for case in cases if case.token_id in confirmed]
            outbox = write_changes(connection, changes)
        self.deliver(outbox())

    def register(self, candidates: Sequence[Candidate]) -> list[Registration]:
        by_id = {candidate.order_id: candidate for candidate in candidates}
        with self._database.transaction() as connection:
            registrations = _insert_orders(connection, by_id)
            changes = [by_id[r.order_id].changes for r in registrations if r.status == "registered"]
            changes.append(
                Changes(events=[{**by_id[r.order_id].event, **_registration_event(r)} for r in registrations])
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


def _references(references: Sequence[Reference]) -> Jsonb:
    return Jsonb([{"token_id": r.token_id, "version": r.version} for r in references])


def held_orders(orders_: Sequence[Mapping[str, Any]], tokens: Sequence[Mapping[str, Any]]) -> dict[UUID, Held]:
    """Rows of orders and of their tokens as the use cases see them."""
    standing: dict[UUID, dict[int, Standing]] = defaultdict(dict)
    for row in tokens:
        token = Token(
            id=row["ordinal"], node=row["node"], waits=Waits(row["waits"]), scope=row["scope"], host=row["host"],
            via=row["via"], item=row["item"], size=row["size"], left=row["remaining"],
        )  # fmt: skip
        standing[row["order_id"]][token.id] = Standing(token_id=row["token_id"], version=row["version"], token=token)
    return {
        row["order_id"]: Held(
            order_id=row["order_id"],
            standing=standing[row["order_id"]],
            values=row["data"],
            order=orders.from_json(row["document"]) if row["document"] else None,
            suspended=row["suspended"],
        )
        for row in orders_
    }


def write_changes(connection: Connection, changes: Sequence[Changes]) -> Callable[[], list[tuple[int, Message]]]:
    """Write the rows; the returned call gives the messages for them once the pipeline has been through."""
    inserted = None
    for query, parameter in _WRITES:
        if values := [value for each in changes for value in getattr(each, parameter)]:
            cursor = connection.execute(_SQL[query], {parameter: Jsonb(values)})
            inserted = cursor if query == "insert_tokens" else inserted
    if ends := [end for each in changes for end in each.order_ends]:
        connection.execute(_SQL["end_orders"], {"ends": Jsonb(ends)})
    # Only tokens that are new have ids that are not known yet: whoever splits waits a round trip longer.
    news = inserted.fetchall() if inserted else []
    return insert_outbox(connection, [*_transitions(changes, news), *_notifications(changes)])


def insert_outbox(connection: Connection, messages: Sequence[Message]) -> Callable[[], list[tuple[int, Message]]]:
    """Write the messages; the returned call gives them with their ids once the pipeline has been through."""
    if not messages:
        return list
    rows = [{"destination": m.destination, "body": m.body, "delay_seconds": m.delay_seconds} for m in messages]
    cursor = connection.execute(_SQL["insert_outbox"], {"messages": Jsonb(rows)})
    return lambda: [(row.pop("outbox_id"), Message(**row)) for row in cursor.fetchall()]


def _chunks[T](items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (items[i : i + size] for i in range(0, len(items), size))


def token_messages(tokens: Sequence[Json], delay_seconds: int = 0) -> list[Message]:
    """Messages that ask to look at these tokens, a hundred to each."""
    return [
        Message(
            destination="transitions",
            body={"tokens": [{"token_id": t["token_id"], "version": t["version"]} for t in chunk]},
            delay_seconds=delay_seconds,
        )
        for chunk in _chunks(tokens, TOKENS_PER_MESSAGE)
    ]


def _transitions(changes: Sequence[Changes], inserted: Sequence[Mapping[str, Any]]) -> list[Message]:
    """One message for all tokens that may go on at once, one for each whole second of delay for the others."""
    by_delay: dict[int, list[Json]] = defaultdict(list)
    for token in inserted:
        delay = _due(token["waits"], token["due_seconds"])
        if delay is not None:
            by_delay[delay].append({"token_id": token["token_id"], "version": token["version"]})
    for each in changes:
        for move in each.moves:
            delay = _due(move["waits"], _seconds_until(move.get("due_at")))
            if delay is not None:
                by_delay[delay].append({"token_id": move["token_id"], "version": move["version"] + 1})
        for again in each.retries:
            delay = math.ceil(again["delay_seconds"]) if again["delay_seconds"] >= 1 else round(again["delay_seconds"])
            by_delay[delay].append({"token_id": again["token_id"], "version": again["version"] + 1})
        for look in each.looks:
            by_delay[look["delay_seconds"]].append({"token_id": look["token_id"], "version": look["version"]})
    return [message for delay, tokens in by_delay.items() for message in token_messages(tokens, delay)]


def _seconds_until(moment: str | None) -> float:
    return (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds() if moment else 0.0


def _due(waits: str, seconds: float) -> int | None:
    """After how many seconds someone is to look at the token; None when a person, a message or another token wakes it.

    A timer that is due later than a queue can delay is `watch_deadlines`'s to wake.
    """
    if waits == Waits.SERVICE:
        return 0
    if waits == Waits.TIME and seconds < LONGEST_DELAY_SECONDS:
        return math.floor(max(seconds, 0)) + 1
    return None


def _notifications(changes: Sequence[Changes]) -> list[Message]:
    mails = [mail for each in changes for mail in each.mails]
    return [Message(destination="notifications", body={"mails": list(c)}) for c in _chunks(mails, MAILS_PER_MESSAGE)]


def _insert_orders(connection: Connection, by_id: Mapping[UUID, Candidate]) -> list[Registration]:
    # Every registration takes the numbers in one order: two batches of the same orders never wait for each other.
    by_id = dict(sorted(by_id.items(), key=lambda item: (item[1].row["seller_id"], item[1].row["number"])))
    rows = [candidate.row for candidate in by_id.values()]
    inserted = connection.execute(_SQL["insert_orders"], {"orders": Jsonb(rows)}).fetchall()
    new = {row["order_id"] for row in inserted}
    registrations = [Registration(order_id=order_id, status="registered") for order_id in by_id if order_id in new]
    old = [candidate for order_id, candidate in by_id.items() if order_id not in new]
    if not old:
        return registrations
    keys = [{"seller_id": c.row["seller_id"], "number": c.row["number"]} for c in old]
    standing = {
        (row["seller_id"], row["number"]): row["order_id"]
        for row in connection.execute(_SQL["orders_with_numbers"], {"keys": Jsonb(keys)})
    }
    conflicts = []
    for candidate in old:
        first = standing[candidate.row["seller_id"], candidate.row["number"]]
        if first == candidate.order_id:
            registrations.append(Registration(order_id=candidate.order_id, status="duplicate"))
        else:
            reason = f"number {candidate.row['number']} is taken by order {first} with other content"
            conflicts.append({**candidate.row, "conflicts_with": first, "reason": reason})
            registrations.append(Registration(order_id=candidate.order_id, status="conflict", with_order=first))
    if conflicts:
        connection.execute(_SQL["insert_conflicts"], {"orders": Jsonb(conflicts)})
    return registrations


def _registration_event(registration: Registration) -> Json:
    if registration.status == "registered":
        return {}
    if registration.status == "duplicate":
        return {"what": "received again: the same content, ignored", "to_state": None}
    return {
        "what": f"conflict: the number is taken by order {registration.with_order}",
        "to_state": "exception",
    }
