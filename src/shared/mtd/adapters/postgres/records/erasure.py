"""Personal data in PostgreSQL, behind `erase_person.Erasable`."""

from collections.abc import Callable, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.domain.errors import Conflict
from mtd.sql import load
from mtd.usecases.records.erase_person import Erasure, PersonsOrder
from mtd.usecases.records.erase_rejected import KeptFile, RejectedErasure

_SQL = load(__name__)
_TEXTS = (
    ("incidents", "erase_incidents"),
    ("tasks", "erase_tasks"),
    ("mails", "erase_mails"),
    ("operations", "erase_operations"),
    ("notes", "erase_notes"),
    ("messages", "erase_messages"),
)
"""The tables with texts of people and systems: the queries that read and that replace them."""


class PostgresErasing:
    """Serves `erase_person.Erasable` and `erase_rejected.ErasableRejections`.

    It passes the texts of all tables of the orders through the erasure.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def orders_of(self, kind: str, value: str, limit: int) -> list[PersonsOrder]:
        rows = self._database.query(_SQL["orders_of"], {"kind": kind, "value": value, "limit": limit})
        return [PersonsOrder(**row) for row in rows]

    def erase(self, erasure: Erasure) -> None:
        ids = {"order_ids": [order.order_id for order in erasure.orders]}
        addresses = {str((order.document.get("buyer") or {}).get("email", "")).lower() for order in erasure.orders}
        with self._database.transaction() as connection:
            rows = [
                {
                    "order_id": row["order_id"],
                    "document": erasure.erase(erasure.documents[row["order_id"]]),
                    "reason": erasure.erase(row["reason"]),
                    "data": erasure.erase(row["data"]),
                    "source": erasure.sources.get(row["order_id"]),
                }
                for row in connection.execute(_SQL["lock_orders"], ids)
            ]
            connection.execute(_SQL["erase_orders"], {"orders": Jsonb(rows)})
            details = _changed(connection.execute(_SQL["details"], ids).fetchall(), erasure.erase)
            connection.execute(_SQL["erase_details"], {"erased": Jsonb(details)})
            for read, write in _TEXTS:
                rows = _changed(connection.execute(_SQL[read], ids).fetchall(), erasure.erase)
                connection.execute(_SQL[write], {"rows": Jsonb(rows)})
            connection.execute(_SQL["erase_items"], ids)
            connection.execute(_SQL["forget_stamps"], ids)
            connection.execute(_SQL["forget_addresses"], {**ids, "addresses": sorted(addresses)})
            for moved in erasure.moved:
                kept = moved.kept
                asked = {"old": moved.old, "new": kept.key, "sha256": kept.sha256, "bytes": kept.bytes}
                if connection.execute(_SQL["move_archive"], asked).fetchone() is None:
                    raise Conflict(
                        "the archive has changed since the erasure read it: send the request again",
                        code="archive_changed",
                    )
            connection.execute(_SQL["discard"], {"objects": _objects(erasure.gone)})
            by = {"person": erasure.person, "reason": erasure.reason}
            counts = {"orders": len(erasure.orders), "objects": len(erasure.gone)}
            connection.execute(_SQL["insert_erasure"], {**by, **counts})

    def rejected_after(self, after: int, limit: int) -> list[KeptFile]:
        rows = self._database.query(_SQL["rejected_after"], {"after": after, "limit": limit})
        return [KeptFile(**row) for row in rows]

    def erase_rejected(self, erasure: RejectedErasure) -> None:
        with self._database.transaction() as connection:
            rows = [{"id": id_, "reason": reason} for id_, reason in erasure.reasons.items()]
            connection.execute(_SQL["erase_rejections"], {"rows": Jsonb(rows)})
            connection.execute(_SQL["discard"], {"objects": _objects(erasure.gone)})
            by = {"person": erasure.person, "reason": erasure.reason}
            connection.execute(_SQL["insert_erasure"], {**by, "orders": 0, "objects": len(erasure.gone)})

    def gone(self) -> list[tuple[str, str]]:
        return [(row["bucket"], row["key"]) for row in self._database.query(_SQL["discarded"])]

    def deleted(self, gone: Sequence[tuple[str, str]]) -> None:
        self._database.query(_SQL["forget_discarded"], {"objects": _objects(gone)})


def _changed(rows: Sequence[dict[str, Any]], erase: Callable[[Any], Any]) -> list[dict[str, Any]]:
    erased = [{name: erase(value) for name, value in row.items()} for row in rows]
    return [new for new, old in zip(erased, rows, strict=True) if new != old]


def _objects(gone: Sequence[tuple[str, str]]) -> Jsonb:
    return Jsonb([{"bucket": bucket, "key": key} for bucket, key in gone])
