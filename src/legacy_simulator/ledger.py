"""The ledger of done operations: one row an operation, in SQLite, over restarts."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

_SCHEMA = """
create table if not exists operations (
    id integer primary key, at text not null, system text not null, operation text not null, key text not null,
    order_number text, request text not null, result text not null, unique (system, key)
);
create index if not exists operations_order on operations (order_number);
create index if not exists operations_hold on operations (json_extract(result, '$.hold_id'));
create index if not exists operations_redemption on operations (json_extract(result, '$.redemption_id'));
create index if not exists operations_folio on operations (json_extract(result, '$.Folio'));
create table if not exists cards (number text primary key, balance text not null, held text not null default '0');
create table if not exists cafs (
    document_type integer primary key, first integer not null, last integer not null, next integer not null
);
-- A range of its own table, so that a ledger of an older release is read, too.
create table if not exists caf_dates (document_type integer primary key, authorised_on text not null, expires_on text);
create table if not exists issuer_cafs (
    issuer text not null, document_type integer not null, first integer not null, last integer not null,
    next integer not null, authorised_on text not null, expires_on text, key text not null,
    primary key (issuer, document_type)
);
create table if not exists stubs (system text primary key, document text not null);
create table if not exists voided (document_type integer, folio integer, primary key (document_type, folio));
"""


class Ledger:
    """One connection: the simulator is a single thread."""

    def __init__(self, path: Path | str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = normal")
        self.db.executescript(_SCHEMA)

    def find(self, system: str, key: str) -> Json | None:
        """The result of the operation with that idempotency key."""
        row = self.db.execute("select result from operations where system = ? and key = ?", (system, key)).fetchone()
        return None if row is None else json.loads(row[0])

    def record(self, system: str, operation: str, key: str, order: str | None, request: Json, result: Json) -> None:
        """Write one done operation."""
        self.db.execute(
            "insert into operations (at, system, operation, key, order_number, request, result)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (
                datetime.now(UTC).isoformat(),
                system,
                operation,
                key,
                order,
                json.dumps(request),
                json.dumps(result),
            ),
        )

    def entries(self, system: str | None, order: str | None, operation: str | None) -> list[Json]:
        """Operations in the order they were done."""
        rows = self.db.execute(
            "select at, system, operation, key, order_number, result from operations"
            " where (?1 is null or system = ?1) and (?2 is null or order_number = ?2)"
            " and (?3 is null or operation = ?3) order by id",
            (system, order, operation),
        )
        names = ("at", "system", "operation", "key", "order")
        return [dict(zip(names, row[:5], strict=True)) | {"result": json.loads(row[5])} for row in rows]

    def find_result(self, operation: str, field: str, value: str | int) -> list[Json]:
        """Results of that operation whose `field` (hold_id, redemption_id or Folio) has that value."""
        rows = self.db.execute(
            f"select result from operations where json_extract(result, '$.{field}') = ? and operation = ?",
            (value, operation),
        )
        return [json.loads(row[0]) for row in rows]

    def issued(self, day: str, after: int, limit: int) -> list[Json]:
        """A page of that day's tax documents: each operation's id, key, order, request and result."""
        rows = self.db.execute(
            "select id, key, order_number, request, result from operations where system = 'paperless'"
            " and operation = 'issue' and json_extract(result, '$.FechaEmision') = ? and id > ? order by id limit ?",
            (day, after, limit),
        )
        return [
            {"id": row[0], "key": row[1], "order": row[2], "request": json.loads(row[3]), "result": json.loads(row[4])}
            for row in rows
        ]

    def counts(self) -> list[Json]:
        """The number of operations of each kind."""
        rows = self.db.execute("select system, operation, count(*) from operations group by 1, 2 order by 1, 2")
        return [{"system": s, "operation": o, "count": n} for s, o, n in rows]
