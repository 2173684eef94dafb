"""Verifies events, seals and archive, page by page: it finds rows that were changed, removed or inserted past MTD."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from mtd.domain.audit.chain import NOTHING, AuditEvent, ChainBreak, ChainHead, DaySeal, check_chain, check_seal
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.usecases.ports import Objects
from mtd.usecases.records.verify_archive import ArchiveRecords, archive_breaks

_ORDERS = 500
_DAYS = 31
_OBJECTS = 20
_MOST_EVENTS = 100_000
"""A page with so many events begins no further day."""
_START = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """An order's events with the end of their chain."""

    order_id: UUID
    #: None when the order's row is gone.
    number: str | None
    events: Sequence[AuditEvent]
    head: ChainHead | None
    #: The end of its events in the archive.
    base: ChainHead = NOTHING


class Records(Protocol):
    """PostgreSQL's records of the audit. Each call sees one moment."""

    def chains(self, after: UUID, limit: int) -> list[Chain]:
        """The chains of the orders with ids after that one, in sequence of their ids."""
        ...

    def chains_of_day(self, day: date, after: UUID, limit: int) -> list[Chain]:
        """As `chains`, of the orders with events on that day."""
        ...

    def chains_of_number(self, number: str) -> list[Chain]: ...

    def seals(self, day: date, limit: int) -> list[DaySeal]:
        """At most `limit` seals from that day on, after the seal of the day before, if there is one."""
        ...

    def hashes(self, day: date) -> Iterable[bytes]: ...


class AllRecords(Records, ArchiveRecords, Protocol):
    """The records of the audit and of the archive."""


def verify_order(records: Records, number: str) -> Json:
    """Verify the chains of the orders with that number. Raises NotFound."""
    chains = records.chains_of_number(number)
    if not chains:
        raise NotFound(f"no order has the number {number!r}", code="order_unknown")
    return _told(chains, following=None)


def verify_page(records: AllRecords, after: str | None, objects: Objects, bucket: str) -> Json:
    """Verify one page: the orders' chains come first, then the days' seals, then the archive's objects.

    `after` is the `next` of the page before. Raises InvalidRequest.
    """
    kind, _, value = (after or f"orders {_START}").partition(" ")
    try:
        if kind == "orders":
            return _orders(records, UUID(value))
        if kind == "days":
            return _days(records, date.fromisoformat(value))
        if kind == "archive":
            return _archive(records, value, objects, bucket)
    except ValueError:
        pass
    raise InvalidRequest("after must be the value next of an earlier page", code="after_malformed")


def verify_day(records: Records, day: date) -> list[Json]:
    """The breaks of that day's seal, and of the chains of the orders with events on that day."""
    broken: list[Json] = _days(records, day, most=1)["broken"]
    after: UUID | None = _START
    while after is not None:
        chains = records.chains_of_day(day, after, _ORDERS)
        broken += _told(chains, following=None)["broken"]
        after = chains[-1].order_id if len(chains) == _ORDERS else None
    return broken


def _orders(records: Records, after: UUID) -> Json:
    chains = records.chains(after, _ORDERS)
    full = len(chains) == _ORDERS
    return _told(chains, f"orders {chains[-1].order_id}" if full else f"days {date.min + timedelta(days=1)}")


def _told(chains: Sequence[Chain], following: str | None) -> Json:
    broken = [(chain, check_chain(chain.order_id, chain.events, chain.head, chain.base)) for chain in chains]
    return {
        **_NOTHING,
        "orders": len(chains),
        "events": sum(len(chain.events) for chain in chains),
        "broken": [_row(found, chain.number) for chain, found in broken if found is not None],
        "next": following,
    }


def _days(records: Records, day: date, most: int = _DAYS) -> Json:
    seals = records.seals(day, most)
    before = seals.pop(0) if seals and seals[0].day < day else None
    more = len(seals) == most
    broken: list[Json] = []
    days = events = 0
    for seal in seals:
        found = check_seal(before, seal, records.hashes(seal.day))
        broken += [_row(found, None)] if found is not None else []
        before, days, events = seal, days + 1, events + seal.events
        if events >= _MOST_EVENTS:
            more = True
            break
    following = f"days {before.day + timedelta(days=1)}" if more and before is not None else "archive "
    return {**_NOTHING, "days": days, "broken": broken, "next": following}


def _archive(records: AllRecords, after: str, objects: Objects, bucket: str) -> Json:
    kept = records.archives(after, _OBJECTS)
    page: Json = {**_NOTHING, "objects": len(kept), "broken": []}
    for each in kept:
        events, broken = archive_breaks(each, records, objects, bucket)
        page["events"] += events
        page["broken"] += [_row(found, number) for found, number in broken]
    return {**page, "next": f"archive {kept[-1].key}" if len(kept) == _OBJECTS else None}


_NOTHING: Json = {"orders": 0, "events": 0, "days": 0, "objects": 0}


def _row(found: ChainBreak, number: str | None) -> Json:
    return {
        "kind": found.kind.value,
        "says": found.says,
        "number": number,
        "order_id": None if found.order_id is None else str(found.order_id),
        "event_id": found.event_id,
        "position": found.position,
        "day": None if found.day is None else found.day.isoformat(),
    }
