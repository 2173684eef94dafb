"""The read side of PostgreSQL behind `queries.orders.Reader`."""

from collections.abc import Mapping
from typing import Any

from mtd.adapters.postgres.database import Database
from mtd.domain.errors import InvalidRequest


class PostgresReader:
    """Runs each query in a read-only transaction of its own. Raises InvalidRequest for a text that it cannot pass."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        for value in parameters.values():
            if isinstance(value, str) and ("\0" in value or any("\ud800" <= c <= "\udfff" for c in value)):
                raise InvalidRequest(
                    "a parameter holds characters that PostgreSQL cannot store: send it without them",
                    code="parameter_malformed",
                )
        with self._database.transaction() as connection:
            connection.execute("set transaction read only")
            return connection.execute(query, parameters).fetchall()
