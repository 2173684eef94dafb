"""Verifies that an object of the archive holds the events that PostgreSQL has given to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from mtd.domain.audit.archive import checksum, events_of, unpack
from mtd.domain.audit.chain import AuditEvent, BreakKind, ChainBreak, ChainHead, check_chain
from mtd.domain.errors import NotFound
from mtd.usecases.ports import Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRow:
    """An object as PostgreSQL knows it."""

    key: str
    #: In hex.
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedOrder:
    """An order in an object."""

    order_id: UUID
    number: str
    #: The end of its events there.
    head: ChainHead


class ArchiveRecords(Protocol):
    """PostgreSQL's rows about the archive."""

    def archives(self, after: str, limit: int) -> list[ArchiveRow]:
        """At most `limit` objects with keys after that one."""
        ...

    def archived_orders(self, key: str) -> list[ArchivedOrder]: ...

    def archived_hashes(self, event_ids: Sequence[int]) -> Mapping[int, bytes]:
        """The hashes of those archived events, by their numbers."""
        ...


type Found = tuple[ChainBreak, str | None]


def archive_breaks(row: ArchiveRow, records: ArchiveRecords, objects: Objects, bucket: str) -> tuple[int, list[Found]]:
    """The number of events in the object, and the breaks, each with the number of its order if there is one.

    Raises UnavailableError.
    """
    try:
        content = objects.get(bucket, row.key)
        lines = unpack(content)
    except NotFound:
        return 0, [(ChainBreak(kind=BreakKind.ARCHIVE, says=f"the object {row.key} is gone"), None)]
    except (OSError, EOFError, ValueError):
        return 0, [(ChainBreak(kind=BreakKind.ARCHIVE, says=f"the object {row.key} cannot be read"), None)]
    found: list[Found] = []
    if checksum(content) != row.sha256:
        found.append(
            (
                ChainBreak(kind=BreakKind.ARCHIVE, says=f"the object {row.key} differs from the one that was written"),
                None,
            )
        )
    events = {UUID(line["order"]["order_id"]): events_of(line) for line in lines}
    orders = records.archived_orders(row.key)
    hashes = records.archived_hashes([event.event_id for each in events.values() for event in each])
    for order in orders:
        broken = _broken(order, events.get(order.order_id), hashes)
        found += [(broken, order.number)] if broken is not None else []
    return sum(map(len, events.values())), found


def _broken(
    order: ArchivedOrder, events: Sequence[AuditEvent] | None, hashes: Mapping[int, bytes]
) -> ChainBreak | None:
    if events is None:
        return ChainBreak(kind=BreakKind.ARCHIVE, says="the order is not in its object", order_id=order.order_id)
    if (broken := check_chain(order.order_id, events, order.head)) is not None:
        return broken
    for event in events:
        if hashes.get(event.event_id) != event.hash:
            says = "the hash that PostgreSQL keeps of the archived event differs"
            return ChainBreak(kind=BreakKind.ARCHIVE, says=says, order_id=order.order_id, event_id=event.event_id)
    return None
