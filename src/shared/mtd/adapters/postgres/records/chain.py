"""Events, their chains and the days' seals in PostgreSQL, behind `seal_days.Days` and `verify_audit.Records`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from mtd.adapters.postgres.database import Connection, Database
from mtd.domain.audit.chain import AuditEvent, ChainHead, DaySeal
from mtd.sql import load
from mtd.usecases.records.verify_archive import ArchivedOrder, ArchiveRow
from mtd.usecases.records.verify_audit import Chain

_SQL = load(__name__)
_ARCHIVE = load("mtd.adapters.postgres.records.archive")
_PAGE = 20_000


class PostgresAudit:
    """Reads in snapshots: a concurrent write is in both events and chains, or in neither."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def chains(self, after: UUID, limit: int) -> list[Chain]:
        return self._chains("chain_page", {"after": after, "limit": limit})

    def chains_of_day(self, day: date, after: UUID, limit: int) -> list[Chain]:
        return self._chains("chains_of_day", {"day": day, "after": after, "limit": limit})

    def chains_of_number(self, number: str) -> list[Chain]:
        return self._chains("chains_of_number", {"number": number})

    def _chains(self, query: str, asked: Mapping[str, Any]) -> list[Chain]:
        with self._database.transaction() as connection:
            connection.execute(_SQL["snapshot"])
            rows = connection.execute(_SQL[query], asked).fetchall()
            events = _events(connection, [row["order_id"] for row in rows])
        return [
            Chain(
                order_id=row["order_id"],
                number=row["number"],
                events=events[row["order_id"]],
                head=None if row["length"] is None else ChainHead(length=row["length"], hash=row["hash"]),
                base=ChainHead(length=row["archived_length"] or 0, hash=row["archived_hash"] or b""),
            )
            for row in rows
        ]

    def seals(self, day: date, limit: int) -> list[DaySeal]:
        rows = self._database.query(_SQL["seals_from"], {"day": day, "limit": limit})
        seals = [DaySeal(**row) for row in rows]
        return seals if seals and seals[0].day < day else seals[:limit]

    def first_day(self) -> date | None:
        day: date | None = self._database.query(_SQL["first_day"])[0]["day"]
        return day

    def last_seal(self) -> DaySeal | None:
        rows = self._database.query(_SQL["last_seal"])
        return DaySeal(**rows[0]) if rows else None

    def hashes(self, day: date) -> Iterator[bytes]:
        span = self._database.query(_SQL["span_of_day"], {"day": day})[0]
        after = None if span["first"] is None else span["first"] - 1
        while after is not None:
            asked = {"day": day, "after": after, "last": span["last"], "limit": _PAGE}
            rows = self._database.query(_SQL["hashes"], asked)
            yield from (row["hash"] for row in rows)
            after = rows[-1]["event_id"] if len(rows) == _PAGE else None

    def archives(self, after: str, limit: int) -> list[ArchiveRow]:
        rows = self._database.query(_SQL["archives_after"], {"after": after, "limit": limit})
        return [ArchiveRow(key=row["archive_key"], sha256=row["sha256"]) for row in rows]

    def archived_orders(self, key: str) -> list[ArchivedOrder]:
        rows = self._database.query(_SQL["archived_chains"], {"archive_key": key})
        return [ArchivedOrder(head=ChainHead(length=row.pop("length"), hash=row.pop("hash")), **row) for row in rows]

    def archived_hashes(self, event_ids: Sequence[int]) -> Mapping[int, bytes]:
        rows = self._database.query(_SQL["archived_hashes"], {"event_ids": list(event_ids)})
        return {row["event_id"]: row["hash"] for row in rows}

    def keep(self, seal: DaySeal) -> None:
        self._database.query(_SQL["insert_seal"], {"day": seal.day, "events": seal.events, "hash": seal.hash})


def _events(connection: Connection, order_ids: list[UUID]) -> Mapping[UUID, list[AuditEvent]]:
    found: dict[UUID, list[AuditEvent]] = defaultdict(list)
    for row in connection.execute(_SQL["chained_events"], {"order_ids": order_ids}):
        found[row["order_id"]].append(AuditEvent(**row))
    return found
