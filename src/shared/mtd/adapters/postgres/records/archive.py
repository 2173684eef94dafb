"""The archive: the rows that move to it, the rows that stay, and the orders that its objects hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.domain.audit.archive import ArchiveLine, unpack
from mtd.domain.audit.chain import ChainHead
from mtd.domain.errors import NotFound
from mtd.sql import load
from mtd.usecases.ports import Objects
from mtd.usecases.records.archive_orders import ArchiveCounts, EndedOrder

_SQL = load(__name__)


class PostgresArchive:
    """Serves `archive_orders.Archivable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ended(self, before: datetime, after: tuple[datetime, UUID], limit: int) -> list[EndedOrder]:
        asked = {"before": before, "after_at": after[0], "after_id": after[1], "limit": limit}
        return [
            EndedOrder(head=ChainHead(length=row.pop("length"), hash=row.pop("hash")), **row)
            for row in self._database.query(_SQL["archivable"], asked)
        ]

    def forget(self, archived: ArchiveCounts) -> bool:
        rows = [
            {"order_id": each.order_id, "updated_at": each.updated_at, "length": each.head.length}
            for each in archived.orders
        ]
        ids = {"order_ids": [each.order_id for each in archived.orders]}
        object_ = {
            "archive_key": archived.kept.key,
            "sha256": archived.kept.sha256,
            "bytes": archived.kept.bytes,
            "orders": len(archived.orders),
            "events": len(archived.events),
        }
        with self._database.transaction() as connection:
            locked = connection.execute(_SQL["lock_archivable"], {"orders": Jsonb(rows)}).fetchall()
            if len(locked) < len(rows):
                return False
            connection.execute(_SQL["insert_archive"], object_)
            connection.execute(_SQL["insert_archived_events"], {"events": Jsonb(archived.events)})
            connection.execute(_SQL["archive_orders"], {**ids, "archive_key": archived.kept.key})
            connection.execute(_SQL["forget_events"], ids)
        return True


class ArchivedOrders:
    """Orders as they are in the archive."""

    def __init__(self, database: Database, objects: Objects, bucket: str) -> None:
        self._database = database
        self._objects = objects
        self._bucket = bucket

    def line(self, key: str, order_id: UUID) -> ArchiveLine:
        """The order's line in that object. Raises NotFound, UnavailableError."""
        for line in unpack(self._objects.get(self._bucket, key)):
            if line["order"]["order_id"] == str(order_id):
                return line
        raise NotFound(f"the order {order_id} is not in the archive's object {key}", code="archive_order_absent")

    def find(self, order_id: UUID) -> ArchiveLine:
        """The order's line, from whichever object holds it. Raises as `line` does."""
        rows: Sequence[dict[str, Any]] = self._database.query(_SQL["archive_key"], {"order_id": order_id})
        if not rows:
            raise NotFound(f"the order {order_id} is not in the archive", code="archive_order_absent")
        return self.line(rows[0]["archive_key"], order_id)
