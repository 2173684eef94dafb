"""Hops: the stations of an order between two commits, kept in the event's detail for the timeline."""

from datetime import UTC, datetime
from typing import Any

type Hop = dict[str, Any]


def hop(
    source: str, what: str, *, at: str | None = None, ms: float | None = None, request_id: str | None = None
) -> Hop:
    """A station: `at` is ISO 8601 in UTC, `ms` how long it took there."""
    return {
        "source": source,
        "what": what,
        "at": at or datetime.now(UTC).isoformat(),
        "ms": None if ms is None else round(ms, 2),
        "request_id": request_id,
    }


def from_millis(epoch_ms: str | int) -> str:
    """SQS's epoch milliseconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(int(epoch_ms) / 1000, UTC).isoformat()
