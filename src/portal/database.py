"""Two pools: one that can only read orders, one for the portal's own schema."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from mtd.domain.errors import InvalidRequest, UnavailableError
from mtd.queries.orders.orders import Reader

type Row = dict[str, Any]
type Pool = ConnectionPool[psycopg.Connection[DictRow]]

_STATEMENT_MILLISECONDS = 10_000
_ACT_FOR = "select set_config('mtd.tenant', %(tenant)s, true)"


class Database:
    """Runs single statements, each for one tenant. Connections are made when needed, and anew when they were lost."""

    def __init__(self, conninfo: str, *, read_only: bool, connections: int) -> None:
        options = f"-c statement_timeout={_STATEMENT_MILLISECONDS}"
        if read_only:
            options += " -c default_transaction_read_only=on"
        self._pool: Pool = ConnectionPool(
            conninfo,
            connection_class=psycopg.Connection[DictRow],
            # A plan for the filters that are really set is better than one for all of them: nothing is prepared.
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "prepare_threshold": None,
                "options": options,
                "application_name": "mtd portal",
                "connect_timeout": 3,
            },
            min_size=1,
            max_size=connections,
            timeout=3,
            open=False,
            check=ConnectionPool.check_connection,
        )

    def open(self) -> None:
        self._pool.open()

    def close(self) -> None:
        self._pool.close()

    def of(self, tenant: str) -> Reader:
        """Runs a statement for which PostgreSQL shows that tenant's rows only; the rows.

        It raises InvalidRequest for values that PostgreSQL refuses, UnavailableError when it is not there.
        """
        return partial(self._run, tenant)

    def outside(self, query: str, parameters: Mapping[str, Any]) -> list[Row]:
        """For who is no tenant's yet: it shows what belongs to none. Raises as the others do."""
        return self._run("", query, parameters)

    def _run(self, tenant: str, query: str, parameters: Mapping[str, Any]) -> list[Row]:
        try:
            with self._pool.connection() as connection:
                # The tenant is the transaction's: whoever gets the connection next finds none on it. One round trip.
                with connection.pipeline(), connection.transaction():
                    connection.execute(_ACT_FOR, {"tenant": tenant})
                    cursor = connection.execute(query.encode(), parameters)
                return cursor.fetchall() if cursor.description else []
        except (psycopg.DataError, psycopg.IntegrityError, UnicodeEncodeError) as error:
            raise InvalidRequest(f"PostgreSQL does not take that: {error}", code="value_refused") from error
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise UnavailableError(f"PostgreSQL: {error}", code="database_unavailable") from error
