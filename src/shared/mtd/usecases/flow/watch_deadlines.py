"""Every minute: timers that are due, or due before the next look, are handed to the transitions queue in time.

A queue delays a message by 15 minutes at most and may lose what it holds when a developer's machine stops; PostgreSQL
keeps every moment. Handing over twice is harmless: the token's version decides.
"""

from typing import Protocol

from mtd.domain.json_types import Json
from mtd.usecases.flow.changes import Message

AHEAD_SECONDS = 75
"""Longer than from one look to the next."""
_PAGE = 1_000
_MOST_PAGES = 50


class Deadlines(Protocol):
    """The timers of PostgreSQL."""

    def coming(self, ahead_seconds: int, after: Json | None, limit: int) -> tuple[list[Message], Json | None]:
        """A page of messages for timers due by then, the earliest first; what continues it, None at the end."""
        ...

    def send(self, messages: list[Message]) -> None: ...


def watch_deadlines(deadlines: Deadlines) -> Json:
    """Hand over all timers that are due soon, page by page; how many messages that took."""
    sent, after = 0, None
    for _ in range(_MOST_PAGES):
        messages, after = deadlines.coming(AHEAD_SECONDS, after, _PAGE)
        deadlines.send(messages)
        sent += len(messages)
        if after is None:
            break
    return {"timers": sent}
