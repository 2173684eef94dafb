"""Every night: orders that ended long ago go to S3 with all of their rows. The row of `orders` stays for lists.

MTD writes an object, reads it back and compares it before it deletes any row. The object's key is the hash of its
content: after a crash the next night writes the same object once more.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from mtd.domain.audit.archive import events_of
from mtd.domain.audit.chain import ChainHead, check_chain
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.usecases.ports import Objects
from mtd.usecases.records.archive_objects import StoredObject, keep

LOG = logging.getLogger(__name__)

_PER_OBJECT = 100
_FIRST = datetime.fromisoformat("0001-01-02T00:00:00+00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedOrder:
    """An order that may go to the archive, with its line."""

    order_id: UUID
    ended_at: datetime
    updated_at: datetime
    head: ChainHead
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveCounts:
    """An object that S3 has, with the orders in it."""

    kept: StoredObject
    orders: Sequence[EndedOrder]
    #: Id, order, moment and hash of each.
    events: Sequence[Json]


class Archivable(Protocol):
    """The orders in PostgreSQL that may go to the archive."""

    def ended(self, before: datetime, after: tuple[datetime, UUID], limit: int) -> list[EndedOrder]:
        """At most `limit` orders that ended before that moment and follow that end and id, sorted by their ends."""
        ...

    def forget(self, archived: ArchiveCounts) -> bool:
        """Delete the rows that the object has, and keep its key. If an order has changed, delete none: False."""
        ...


def asked_months(event: Json) -> int:
    """The months after its end at which an order goes to the archive. Raises InvalidRequest."""
    months = event.get("archive_months")
    if type(months) is not int or not 0 <= months <= 1_200:
        raise InvalidRequest("archive_months must be a whole number from 0 to 1200", code="archive_months_malformed")
    return months


def archive_orders(
    store: Archivable, objects: Objects, bucket: str, before: datetime, until: Callable[[], bool]
) -> Json:
    """Archive the orders that ended before that moment, until `until` says stop. Returns how many it archived and left.

    An order with a broken chain stays in PostgreSQL, because it is evidence. Raises UnavailableError.
    """
    counts = {"orders": 0, "events": 0, "objects": 0, "left": 0}
    after = (_FIRST, UUID(int=0))
    while not until():
        found = store.ended(before, after, _PER_OBJECT)
        if not found:
            break
        after = (found[-1].ended_at, found[-1].order_id)
        whole = [each for each in found if _is_whole(each)]
        archived = _put(whole, objects, bucket) if whole else None
        if archived is not None and store.forget(archived):
            counts["orders"] += len(whole)
            counts["events"] += len(archived.events)
            counts["objects"] += 1
            counts["left"] += len(found) - len(whole)
        else:
            counts["left"] += len(found)
    return counts


def _is_whole(ended: EndedOrder) -> bool:
    broken = check_chain(ended.order_id, events_of(json.loads(ended.line)), ended.head)
    if broken is not None:
        LOG.error("order not archived", extra={"order_id": str(ended.order_id), "why": broken.says})
    return broken is None


def _put(orders: Sequence[EndedOrder], objects: Objects, bucket: str) -> ArchiveCounts:
    events = [
        {"event_id": row["event_id"], "order_id": str(each.order_id), "at": row["at"], "hash": row["hash"]}
        for each in orders
        for row in json.loads(each.line)["events"]
    ]
    ids = [str(each.order_id) for each in orders]
    kept = keep([each.line for each in orders], orders[0].ended_at, ids, len(events), objects, bucket)
    return ArchiveCounts(kept=kept, orders=orders, events=events)
