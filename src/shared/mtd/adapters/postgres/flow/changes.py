"""Writes the rows of changes, in one order for all, with the messages that tell of them."""

from collections.abc import Callable, Sequence

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Connection
from mtd.adapters.postgres.flow.messages import notifications, transitions
from mtd.sql import load
from mtd.usecases.flow.cases import Changes, Message

_SQL = load(__name__)

# The order in which a commit writes its rows: parameter names of the queries in flow.sql.
_WRITES = (
    ("move_tokens", "moves"),
    ("retry_tokens", "retries"),
    ("park_tokens", "parks"),
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
)


def write_changes(connection: Connection, changes: Sequence[Changes]) -> Callable[[], list[tuple[int, Message]]]:
    """Write the rows; the returned call gives the messages for them once the pipeline has been through."""
    inserted = None
    for query, parameter in _WRITES:
        if values := [value for each in changes for value in getattr(each, parameter)]:
            cursor = connection.execute(_SQL[query], {parameter: Jsonb(values)})
            inserted = cursor if query == "insert_tokens" else inserted
    if ends := [end for each in changes for end in each.order_ends]:
        connection.execute(_SQL["end_orders"], {"ends": Jsonb(ends)})
    # Last of what waits for locks: whoever holds the ends of chains must not wait for a token that another holds.
    if events := [event for each in changes for event in each.events]:
        connection.execute(_SQL["insert_events"], {"events": Jsonb(events)})
    # Only tokens that are new have ids that are not known yet: whoever splits waits a round trip longer.
    news = inserted.fetchall() if inserted else []
    return insert_outbox(connection, [*transitions(changes, news), *notifications(changes)])


def insert_outbox(connection: Connection, messages: Sequence[Message]) -> Callable[[], list[tuple[int, Message]]]:
    """Write the messages; the returned call gives them with their ids once the pipeline has been through."""
    if not messages:
        return list
    rows = [{"destination": m.destination, "body": m.body, "delay_seconds": m.delay_seconds} for m in messages]
    cursor = connection.execute(_SQL["insert_outbox"], {"messages": Jsonb(rows)})
    return lambda: [(row.pop("outbox_id"), Message(**row)) for row in cursor.fetchall()]
