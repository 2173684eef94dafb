"""The timers of PostgreSQL behind `watch_deadlines.Deadlines`."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.changes import token_messages
from mtd.domain.json_types import Json
from mtd.sql import load
from mtd.usecases.flow.changes import Message

_SQL = load(__name__)


class PostgresDeadlines:
    """Reads timers without locks: `fire_timers` locks the order of each."""

    def __init__(self, database: Database, send: Callable[[Sequence[Message]], None]) -> None:
        self._database = database
        self._send = send

    def coming(self, ahead_seconds: int, after: Json | None, limit: int) -> tuple[list[Message], Json | None]:
        start = after or {"after_at": None, "after_id": 0}
        rows = self._database.query(_SQL["coming_timers"], {"ahead_seconds": ahead_seconds, "limit": limit, **start})
        by_delay: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for row in rows:
            delay = math.floor(row["due_seconds"]) + 1 if row["due_seconds"] > 0 else 0
            by_delay[delay].append((row["token_id"], row["version"]))
        messages = [each for delay, tokens in by_delay.items() for each in token_messages(tokens, delay)]
        more = len(rows) == limit
        return messages, {"after_at": rows[-1]["due_at"], "after_id": rows[-1]["token_id"]} if more else None

    def send(self, messages: list[Message]) -> None:
        self._send(messages)
