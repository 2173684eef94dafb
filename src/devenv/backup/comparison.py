"""Counts and digests of a database's tables and of buckets, to compare them."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from psycopg import sql

_TABLES = """
select n.nspname as schema, c.relname as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname not like 'pg_%'
order by 1, 2
"""
# Every row as text, and the rows' hashes sorted, because a table has no order.
_DIGEST = """
select count(*), encode(sha256(coalesce(string_agg(row, '' order by row), '')), 'hex')
from (select sha256(convert_to(t::text, 'UTF8')) as row from {} t) rows
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentDigest:
    """The number of rows or objects, and SHA-256 in hex over all of them."""

    rows: int
    digest: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def tables(connection: psycopg.Connection[Any]) -> dict[str, ContentDigest]:
    """Every table of the database, by schema and name."""
    connection.execute("set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set bytea_output to 'hex'")
    found = {}
    for schema, name in connection.execute(_TABLES).fetchall():
        query = sql.SQL(_DIGEST).format(sql.Identifier(schema, name))
        row = connection.execute(query).fetchone()
        assert row is not None
        found[f"{schema}.{name}"] = ContentDigest(rows=row[0], digest=row[1])
    return found


def objects(digests: Mapping[str, str]) -> ContentDigest:
    """A bucket's objects by key, each with the SHA-256 of its content."""
    listing = "".join(f"{key}\n{digest}\n" for key, digest in sorted(digests.items()))
    return ContentDigest(rows=len(digests), digest=hashlib.sha256(listing.encode()).hexdigest())


def compared(
    before: Mapping[str, ContentDigest], after: Mapping[str, ContentDigest]
) -> list[tuple[str, int | None, int | None, bool]]:
    """(name, rows before, rows after, whether they are equal) of each table and bucket; None where it is missing."""
    return [
        (name, _rows(before.get(name)), _rows(after.get(name)), before.get(name) == after.get(name))
        for name in sorted(before.keys() | after.keys())
    ]


def _rows(content: ContentDigest | None) -> int | None:
    return None if content is None else content.rows
