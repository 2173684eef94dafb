"""The read side of PostgreSQL behind `queries.orders.Reader`."""

from collections.abc import Mapping
from typing import Any

from mtd.adapters.database import Database


class PostgresReader:
    """Runs each query in a read-only transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        with self._database.transaction() as connection:
            connection.execute("set transaction read only")
            return connection.execute(query, parameters).fetchall()
