"""Every minute: hand timers that are due before the next run to the queue `transitions`.

A queue delays a message by 15 minutes at most, and may lose its messages when a developer's machine stops. PostgreSQL
keeps every timer. A second message does no harm: the token's version decides.
"""

from typing import Protocol

from mtd.domain.json_types import Json
from mtd.usecases.flow.changes import Message

AHEAD_SECONDS = 75
"""Longer than the time between two runs."""
_PAGE = 1_000
_MOST_PAGES = 50


class Deadlines(Protocol):
    """The timers of PostgreSQL."""

    def coming(self, ahead_seconds: int, after: Json | None, limit: int) -> tuple[list[Message], Json | None]:
        """A page of messages for timers that are due by then, the earliest first; and the next page's `after`."""
        ...

    def send(self, messages: list[Message]) -> None: ...


def watch_deadlines(deadlines: Deadlines) -> Json:
    """Hand over all timers that are due soon, page by page. Returns the number of messages."""
    sent, after = 0, None
    for _ in range(_MOST_PAGES):
        messages, after = deadlines.coming(AHEAD_SECONDS, after, _PAGE)
        deadlines.send(messages)
        sent += len(messages)
        if after is None:
            break
    return {"timers": sent}
