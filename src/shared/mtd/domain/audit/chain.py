"""The audit chain: what an event's hash and a day's seal are made of, and the first place where a chain does not hold.

docs/security.md describes the hashed form. PostgreSQL's trigger computes the same hash when a function writes an event
(migration 0009). The two implementations check each other: a change of one alone breaks every chain.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BreakKind(StrEnum):
    """The sort of damage that a break of the records shows."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    SEAL = "seal"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """A row of `events`."""

    event_id: int
    order_id: UUID
    #: Its place in its order's chain, from 1.
    position: int | None
    at: datetime
    who: str
    source: str
    what: str
    from_state: str | None
    to_state: str | None
    #: Text as PostgreSQL prints it.
    ms: str | None
    request_id: str | None
    #: Text as PostgreSQL prints it.
    detail: str
    #: None for an erased detail.
    salt: UUID | None
    #: The digest of an erased detail before its erasure; else None.
    detail_digest: bytes | None
    hash: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """The end of an order's chain. PostgreSQL keeps it beside the events."""

    length: int
    hash: bytes


NOTHING = ChainHead(length=0, hash=b"")
"""The head of a chain without events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySeal:
    """The seal of a day of UTC: how many events it had, and the hash over them and the day before."""

    day: date
    events: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainBreak:
    """The first row at which an order's chain, or a day's seal, does not hold."""

    kind: BreakKind
    #: The fault, in words for people.
    says: str
    order_id: UUID | None = None
    event_id: int | None = None
    position: int | None = None
    day: date | None = None


def detail_digest(event: AuditEvent) -> bytes:
    """The digest that stands in the chain for the detail."""
    if event.salt is None:
        return event.detail_digest or b""
    return hashlib.sha256(event.salt.bytes + event.detail.encode()).digest()


def event_hash(previous: bytes, place: int, event: AuditEvent) -> bytes:
    """The hash of an event at that place of its order's chain, after the hash `previous` (empty for the first)."""
    seconds, rest = divmod((event.at - _EPOCH) // timedelta(microseconds=1), 1_000_000)
    said = [
        place,
        event.event_id,
        str(event.order_id),
        f"{seconds}.{rest:06d}",
        event.who,
        event.source,
        event.what,
        event.from_state,
        event.to_state,
        event.ms,
        event.request_id,
        detail_digest(event).hex(),
    ]
    return hashlib.sha256(previous + json.dumps(said, ensure_ascii=False).encode()).digest()


def check_chain(
    order_id: UUID, events: Sequence[AuditEvent], head: ChainHead | None, base: ChainHead = NOTHING
) -> ChainBreak | None:
    """The first break of an order's chain, or None.

    `events` are all of the order's events, `head` is the recorded end of its chain. `base` is the end of the events in
    the archive, after which `events` begin.
    """

    def broken(kind: BreakKind, says: str, event: AuditEvent | None = None, position: int | None = None) -> ChainBreak:
        return ChainBreak(
            kind=kind,
            says=says,
            order_id=order_id,
            event_id=event.event_id if event else None,
            position=event.position if event else position,
        )

    previous, place = base.hash, base.length
    ordered = sorted(events, key=lambda event: (event.position or 0, event.event_id))
    for position, group in groupby(ordered, key=lambda event: event.position or 0):
        rows = list(group)
        if position <= base.length:
            return broken(BreakKind.INSERTED, "the event has no place in the chain", rows[0])
        if position > place + 1:
            missing = f"event {place + 1}" if position == place + 2 else f"events {place + 1} to {position - 1}"
            return broken(BreakKind.REMOVED, f"{missing} of the order is gone, before this one", rows[0])
        place = position
        fitting = [event for event in rows if event.hash == event_hash(previous, place, event)]
        if not fitting:
            return broken(BreakKind.CHANGED, "the event's content does not match its hash", rows[0])
        if len(rows) > 1:
            stranger = next(event for event in rows if event is not fitting[0])
            return broken(BreakKind.INSERTED, "another event has this place in the chain", stranger)
        previous = fitting[0].hash or b""
    if head is None:
        return broken(BreakKind.REMOVED, "the end of the order's chain is gone") if events else None
    if head.length > place:
        missing = f"event {head.length}" if head.length == place + 1 else f"events {place + 1} to {head.length}"
        return broken(BreakKind.REMOVED, f"{missing} of the order is gone, at the end", position=place + 1)
    if (head.length, head.hash) != (place, previous):
        return broken(BreakKind.INSERTED, "the event is not the one that the chain ends with", ordered[-1])
    return None


def seal_day(before: DaySeal | None, day: date, hashes: Iterable[bytes]) -> DaySeal:
    """The seal of a day whose events have these hashes, in the order of their numbers; `before` is the day before's."""
    digest = hashlib.sha256(before.hash if before else b"")
    digest.update(day.isoformat().encode())
    events = 0
    for each in hashes:
        digest.update(each)
        events += 1
    digest.update(str(events).encode())
    return DaySeal(day=day, events=events, hash=digest.digest())


def check_seal(before: DaySeal | None, seal: DaySeal, hashes: Iterable[bytes]) -> ChainBreak | None:
    """The break of a day whose events, or whose day before, differ from the sealed ones; else None."""
    if before is not None and (seal.day - before.day).days != 1:
        says = f"the seals between {before.day} and {seal.day} are gone"
        return ChainBreak(kind=BreakKind.SEAL, says=says, day=seal.day)
    now = seal_day(before, seal.day, hashes)
    if now.events != seal.events:
        return ChainBreak(
            kind=BreakKind.SEAL,
            says=f"{seal.events} events were sealed, and the day has {now.events} now",
            day=seal.day,
        )
    if now.hash != seal.hash:
        return ChainBreak(
            kind=BreakKind.SEAL,
            says="the day's events, or the seal before it, differ from the sealed ones",
            day=seal.day,
        )
    return None
