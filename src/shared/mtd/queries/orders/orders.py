"""Lists and timelines of orders, as the API answers them (docs/cli.md holds the contracts)."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from string import Template
from typing import Any

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.queries.records.archive import Archive, events_of
from mtd.sql import load

_SQL = load(__name__)
LARGEST_PAGE = 1_000
_FIRST_YEAR = 1970

type Reader = Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]
"""Runs one query with its parameters; rows as dictionaries."""


def list_orders(read: Reader, *, state: str | None, number: str | None, limit: int, after: str | None) -> Json:
    """A page of orders, rejected files and waiting messages, newest first; `next` continues it.

    Raises InvalidRequest for a limit outside 1 to 1,000 or an `after` that is not an earlier `next`.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidRequest(f"limit must be from 1 to {LARGEST_PAGE}", code="limit_out_of_range")
    after_at, after_id = _decode(after) if after else (None, None)
    rows = read(
        Template(_SQL["list_orders"]).substitute(page=_SQL["page"]),
        {"state": state, "number": number, "limit": limit + 1, "after_at": after_at, "after_id": after_id},
    )
    page, more = rows[:limit], len(rows) > limit
    following = _encode(page[-1]["received_at"], page[-1]["id"]) if more else None
    return {"orders": [_row(row) for row in page], "next": following}


def _row(row: dict[str, Any]) -> Json:
    return {
        "number": row["number"],
        "state": row["state"],
        "ended": row["ended"],
        "reason": row["reason"],
        "seller": row["seller"],
        "buyer": row["buyer"],
        "currency": row["currency"],
        "total": None if row["total"] is None else str(row["total"]),
        "received_at": row["received_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }


def _encode(at: datetime, identifier: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), identifier]).encode()).decode()


def _decode(after: str) -> tuple[str, str]:
    try:
        at, identifier = json.loads(base64.urlsafe_b64decode(after))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or moment.year < _FIRST_YEAR:
            raise ValueError
        return moment.isoformat(), str(identifier)
    except (ValueError, TypeError, RecursionError):
        raise InvalidRequest("after must be the value next of an earlier page", code="after_malformed") from None


def count_by_state(read: Reader) -> dict[str, int]:
    """The number of orders in each state."""
    return {row["state"]: row["orders"] for row in read(_SQL["count_by_state"], {})}


def timeline(read: Reader, number: str, archive: Archive) -> Json:
    """Everything that happened to the orders of that number, all sellers and conflicting copies, in order of time.

    It reads archived events from the archive. Raises NotFound.
    """
    orders = read(_SQL["find_orders"], {"number": number})
    elsewhere = read(_SQL["waiting_or_rejected"], {"number": number})
    if not orders and not elsewhere:
        raise NotFound(f"no order has the number {number!r}", code="order_unknown")
    sellers = {row["order_id"]: row["seller_name"] for row in orders}
    asked, told_apart = {"order_ids": list(sellers)}, sellers if len(sellers) > 1 else {}
    kept = [archive(row["archive_key"], row["order_id"]) for row in orders if row["archive_key"] is not None]
    events = [event for line in kept for event in events_of(line)]
    events += read(_SQL["events"], asked) if orders else []
    rows = [entry for event in events for entry in stations(event, told_apart)]
    rows += [note_station(note, told_apart) for note in (read(_SQL["notes"], asked) if orders else [])]
    rows += [_station(r["at"].isoformat(), "SQS" if r["state"] == "waiting" else "S3", r["reason"]) for r in elsewhere]
    first = orders[0] if orders else None
    state = (first["outcome"] or first["nodes"]) if first else elsewhere[0]["state"]
    return {
        "number": number,
        "state": state,
        "reason": first["reason"] if first else elsewhere[0]["reason"],
        "orders": [_summary(row) for row in orders],
        "events": sorted(rows, key=lambda entry: datetime.fromisoformat(entry["at"])),
    }


def _summary(row: dict[str, Any]) -> Json:
    return {
        "order_id": str(row["order_id"]),
        "seller": row["seller_name"],
        "state": row["outcome"] or row["nodes"],
        "reason": row["reason"],
        "archived_at": None if row["archived_at"] is None else row["archived_at"].isoformat(),
        "conflicts_with": None if row["conflicts_with"] is None else str(row["conflicts_with"]),
        "tax_document": None
        if row["folio"] is None
        else {"document_type": row["document_type"], "folio": row["folio"]},
        "tax_documents": []
        if row["folio"] is None
        else [{"document_type": row["document_type"], "folio": row["folio"]}, *(row.get("further_documents") or [])],
    }


def _station(at: str, source: str, what: str, **rest: Any) -> Json:
    return {
        "at": at,
        "source": source,
        "what": what,
        "from": None,
        "to": None,
        "ms": None,
        "request_id": None,
    } | rest


def note_station(note: dict[str, Any], sellers: Mapping[Any, str]) -> Json:
    """A person's note as a station; `sellers` tells several orders apart."""
    what = f"{note['person']}: {note['text']}{_suffix(note, sellers)}"
    return _station(note["at"].isoformat(), "Note", what)


def _suffix(row: dict[str, Any], sellers: Mapping[Any, str]) -> str:
    return f" [{sellers[row['order_id']]}]" if sellers else ""


def stations(event: dict[str, Any], sellers: Mapping[Any, str]) -> Sequence[Json]:
    """An event row as the stations that led to it, then the change itself; `sellers` tells several orders apart."""
    suffix = _suffix(event, sellers)
    detail = dict(event["detail"])
    led = [
        _station(hop["at"], hop["source"], hop["what"] + suffix, ms=hop["ms"], request_id=hop["request_id"])
        for hop in detail.pop("hops", [])
    ]
    # A connected system's values: what the order's next gateway may ask for.
    detail |= detail.pop("values", None) or {}
    plain = {name: value for name, value in detail.items() if not isinstance(value, dict | list | None)}
    fields = ", ".join(f"{name} {value}" for name, value in plain.items())
    what = event["what"] + (f": {fields}" if fields else "") + suffix
    change = _station(
        event["at"].isoformat(),
        event["source"],
        what,
        ms=None if event["ms"] is None else float(event["ms"]),
        request_id=event["request_id"],
    )
    return [*led, change | {"from": event["from_state"], "to": event["to_state"], "who": event["who"]}]
