"""Hops: the stations of an order between two commits, kept in the event's detail for the timeline."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mtd.domain.errors import InvalidRequest

type Hop = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The function that serves a request, and the request's hops."""

    function: str
    hops: tuple[Hop, ...]


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


_MOST_HOPS = 100


def read_hops(value: Any) -> tuple[Hop, ...]:
    """The hops that a caller sent, or none. Events keep them, and every timeline reads them.

    Raises InvalidRequest with code `hops_malformed`.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MOST_HOPS or not all(_is_hop(each) for each in value):
        raise InvalidRequest(
            f"hops must be a list of at most {_MOST_HOPS} {{source, what, at, ms, request_id}}", code="hops_malformed"
        )
    return tuple({name: each.get(name) for name in ("source", "what", "at", "ms", "request_id")} for each in value)


def _is_hop(value: Any) -> bool:
    if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in ("source", "what", "at")):
        return False
    try:
        aware = datetime.fromisoformat(value["at"]).tzinfo is not None
    except ValueError:
        return False
    ms, request_id = value.get("ms"), value.get("request_id")
    number = ms is None or (isinstance(ms, int | float) and not isinstance(ms, bool) and abs(ms) < 1e12)
    return aware and number and (request_id is None or isinstance(request_id, str))
