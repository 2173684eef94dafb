"""Writes changes as rows and messages. All commits use the same order of statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Connection
from mtd.domain.json_types import Json
from mtd.domain.lanes import MAIN
from mtd.engine.model.tokens import Waits
from mtd.sql import load
from mtd.usecases.flow.changes import Changes, Message, OrderEvent

_SQL = load(__name__)

TOKENS_PER_MESSAGE = 100
MAILS_PER_MESSAGE = 50


class OutboxRows:
    """The messages of one commit. The commit inserts their rows; the sender deletes them afterwards."""

    def __init__(self) -> None:
        self._cursor: Cursor[DictRow] | None = None

    def insert(self, connection: Connection, messages: Sequence[Message]) -> None:
        """Write the messages' rows."""
        if messages:
            rows = [{"destination": m.destination, "body": m.body, "delay_seconds": m.delay_seconds} for m in messages]
            self._cursor = connection.execute(_SQL["insert_outbox"], {"messages": Jsonb(rows)})

    def sent_rows(self) -> list[tuple[int, Message]]:
        """The messages with their rows' ids. Call it after the pipeline has ended: earlier it costs a round trip."""
        if self._cursor is None:
            return []
        return [(row.pop("outbox_id"), Message(**row)) for row in self._cursor.fetchall()]


def write_changes(connection: Connection, changes: Sequence[Changes], outbox: OutboxRows) -> None:
    """Write all rows and messages."""
    inserted = None
    for query, parameter, rows_of in _WRITES:
        if rows := [row for each in changes for row in rows_of(each)]:
            cursor = connection.execute(_SQL[query], {parameter: Jsonb(rows)})
            inserted = cursor if query == "insert_tokens" else inserted
    # PostgreSQL gives new tokens their ids, so a commit that splits an order takes one more round trip.
    ids = {(row["order_id"], row["ordinal"]): row for row in inserted.fetchall()} if inserted else {}
    heard = _listeners(connection, changes)
    heard += _expected(connection, changes)
    messages = [*_transitions(changes, ids), *token_messages(heard), *_notifications(changes), *_others(changes)]
    outbox.insert(connection, messages)


def _listeners(connection: Connection, changes: Sequence[Changes]) -> list[tuple[int, int]]:
    """The tokens, with their versions, that the thrown signals wake."""
    thrown = [columns(signal) for each in changes for signal in each.signals]
    if not thrown:
        return []
    rows = connection.execute(_SQL["signal_listeners"], {"signals": Jsonb(thrown)}).fetchall()
    return [(row["token_id"], row["version"]) for row in rows]


def _expected(connection: Connection, changes: Sequence[Changes]) -> list[tuple[int, int]]:
    """The tokens, with their versions, that have come to wait for a message which is there."""
    moved = [token.token_id for each in changes for token in each.moved_tokens if token.place.waits is Waits.MESSAGE]
    orders = [token.order_id for each in changes for token in each.new_tokens if token.place.waits is Waits.MESSAGE]
    if not moved and not orders:
        return []
    rows = connection.execute(_SQL["expected_messages"], {"token_ids": moved, "order_ids": orders}).fetchall()
    return [(row["token_id"], row["version"]) for row in rows]


def event_rows(events: Iterable[OrderEvent]) -> list[Json]:
    """Events as the query `insert_events` takes them."""
    return [columns(event) for event in events]


def _moved(changes: Changes) -> Iterable[Json]:
    return ({"token_id": t.token_id, "version": t.version, **columns(t.place)} for t in changes.moved_tokens)


def _new(changes: Changes) -> Iterable[Json]:
    return ({"order_id": t.order_id, "ordinal": t.ordinal, **columns(t.place)} for t in changes.new_tokens)


def columns(item: Any) -> Json:
    """The fields of a dataclass whose names are the columns'. `asdict` would copy their values deeply."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def _incidents(changes: Changes) -> Iterable[Json]:
    for incident in changes.incidents:
        row = columns(incident)
        yield {**row, "stood": row.pop("snapshot")}


# The order in which a commit writes: a query, its parameter, and its rows. The events come after all other statements
# that wait for locks: a commit that holds the ends of chains must not wait for a token of another commit.
_WRITES: Sequence[tuple[str, str, Callable[[Changes], Iterable[Json]]]] = (
    ("move_tokens", "moves", _moved),
    ("retry_tokens", "retries", lambda changes: map(columns, changes.retried_tokens)),
    ("postpone_tokens", "postponed", lambda changes: map(columns, changes.postponed_tokens)),
    ("park_tokens", "parks", lambda changes: map(columns, changes.parked_tokens)),
    ("release_tokens", "releases", lambda changes: map(columns, changes.released_tokens)),
    ("end_tokens", "ends", lambda changes: map(columns, changes.deleted_tokens)),
    ("insert_tokens", "tokens", _new),
    ("complete_tasks", "completed", lambda changes: map(columns, changes.completed_tasks)),
    ("mark_overdue", "overdue", lambda changes: ({"task_id": each} for each in changes.overdue_tasks)),
    ("cancel_tasks", "left", lambda changes: ({"token_id": each} for each in changes.cancelled_tasks)),
    ("insert_tasks", "tasks", lambda changes: map(columns, changes.new_tasks)),
    ("set_values", "values", lambda changes: map(columns, changes.values)),
    ("set_visits", "visits", lambda changes: map(columns, changes.visits)),
    ("set_totals", "totals", lambda changes: map(columns, changes.totals)),
    ("insert_tax_documents", "documents", lambda changes: _first_of_orders(changes.documents)),
    ("insert_credit_notes", "credit_notes", lambda changes: _first_of_orders(changes.credit_notes)),
    ("insert_further_documents", "further_documents", lambda changes: _further(changes)),
    ("insert_mails", "mails", lambda changes: map(columns, changes.mails)),
    ("insert_incidents", "incidents", _incidents),
    (
        "keep_lost",
        "lost",
        lambda changes: ({"token_id": u.token_id, "stood": u.snapshot} for u in changes.incident_updates),
    ),
    ("end_orders", "ends", lambda changes: map(columns, changes.order_ends)),
    ("insert_events", "events", lambda changes: event_rows(changes.events)),
)


def _first_of_orders(rows: Iterable[tuple[Any, Any]]) -> Iterable[Json]:
    return ({"order_id": order_id, **columns(row)} for order_id, row in rows if row.part == 1)


def _further(changes: Changes) -> Iterable[Json]:
    """The documents and credit notes after an order's first. Their idempotency keys end in `key`."""
    for name, rows in (("dte", changes.documents), ("credit_note", changes.credit_notes)):
        for order_id, row in rows:
            if row.part > 1:
                yield {"order_id": order_id, "key": f"{name}:{row.part}", **columns(row)}


def _transitions(changes: Sequence[Changes], ids: Mapping[tuple[Any, int], Mapping[str, Any]]) -> list[Message]:
    """One message for a lane's tokens without a delay, and one for each whole second of delay of the others."""
    by_delay: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for each in changes:
        for new in each.new_tokens:
            if new.wake_delay is not None:
                row = ids[new.order_id, new.ordinal]
                by_delay[new.place.lane, new.wake_delay].append((row["token_id"], row["version"]))
        for moved in each.moved_tokens:
            if moved.wake_delay is not None:
                by_delay[moved.place.lane, moved.wake_delay].append((moved.token_id, moved.version + 1))
        for retried in (*each.retried_tokens, *each.postponed_tokens):
            by_delay[MAIN, retried.wake_delay].append((retried.token_id, retried.version + 1))
        for wakeup in each.wakeups:
            by_delay[MAIN, wakeup.delay_seconds].append((wakeup.token_id, wakeup.version))
    return [message for (lane, delay), tokens in by_delay.items() for message in token_messages(tokens, delay, lane)]


def token_messages(tokens: Sequence[tuple[int, int]], delay_seconds: int = 0, lane: str = MAIN) -> list[Message]:
    """Messages that ask to look at these tokens (ids and versions), a hundred to each."""
    return [
        Message(
            destination=lane,
            body={"tokens": [{"token_id": token_id, "version": version} for token_id, version in chunk]},
            delay_seconds=delay_seconds,
        )
        for chunk in chunks(tokens, TOKENS_PER_MESSAGE)
    ]


def mail_messages(mails: Sequence[tuple[Any, str]]) -> list[Message]:
    """Messages that ask for mails (orders and kinds), fifty to each."""
    return [
        Message(
            destination="notifications",
            body={"mails": [{"order_id": str(order_id), "kind": kind} for order_id, kind in chunk]},
        )
        for chunk in chunks(mails, MAILS_PER_MESSAGE)
    ]


def _notifications(changes: Sequence[Changes]) -> list[Message]:
    return mail_messages([(mail.order_id, mail.kind) for each in changes for mail in each.mails])


def _others(changes: Sequence[Changes]) -> Iterable[Message]:
    return (message for each in changes for message in each.messages)


def chunks[T](items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    """The items in runs of that size at most."""
    return (items[i : i + size] for i in range(0, len(items), size))
