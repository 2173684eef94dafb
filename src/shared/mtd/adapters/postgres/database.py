"""One PostgreSQL connection of each Lambda environment, kept open. This module translates its errors."""

import json
import re
import select
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_dumps

from mtd.adapters.aws.metrics import count
from mtd.domain.errors import MtdError, UnavailableError, UnstorableError
from mtd.sql import load

type Connection = psycopg.Connection[DictRow]

TENANTS_ROLE = "mtd_tenant"
_SQL = load(__name__)

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_SURROGATE = re.compile("[\ud800-\udfff]")


def storable_json(value: Any) -> str:
    """JSON that jsonb takes. NUL and lone surrogates, which a legacy system may send, become U+FFFD.

    UUIDs and decimals travel as text; jsonb_to_recordset turns them into their columns' types.
    """
    text = json.dumps(value, ensure_ascii=False, default=str)
    if "\\u0000" in text:
        # The expression takes ten times as long as the JSON, so it runs only where the text has an escape.
        text = _NUL.sub(r"\1\\ufffd", text)
    return _SURROGATE.sub("\ufffd", text)


set_json_dumps(storable_json)


class Database:
    """Connects on first use and after a lost connection. It asks `conninfo` each time, because passwords rotate."""

    def __init__(self, conninfo: Callable[[], str]) -> None:
        self._conninfo = conninfo
        self._connection: Connection | None = None
        # The tenant asked for, and the tenant of the connection; None is the role that has logged in.
        self._tenant: str | None = None
        self._acting: str | None = None

    @contextmanager
    def acting_for(self, tenant: str) -> Iterator[None]:
        """Run each statement of the block as that tenant, under the policies of row-level security."""
        self._tenant = tenant
        try:
            yield
        finally:
            self._tenant = None

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[DictRow]:
        """The rows of one statement in a transaction of its own: one round trip. Raises as `transaction` does.

        Raises RuntimeError within a pipelined transaction, whose connection would answer without the rows.
        """
        if self._connection is not None and self._connection.pgconn.pipeline_status:
            raise RuntimeError("a query of its own came within a transaction")
        with self._translated() as connection:
            cursor = connection.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def transaction(self, *, pipelined: bool = True) -> Iterator[Connection]:
        """A transaction, in a pipeline: statements wait until the caller fetches a result, and the commit goes with the
        last one. A script of several statements needs `pipelined=False`.

        Raises UnavailableError when PostgreSQL does not answer or the transaction should be tried again,
        UnstorableError when PostgreSQL refuses the values.
        """
        with (
            self._translated() as connection,
            connection.pipeline() if pipelined else nullcontext(),
            connection.transaction(),
        ):
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[Connection]:
        connection = self._connected()
        try:
            self._act(connection)
            yield connection
        except (errors.SerializationFailure, errors.DeadlockDetected) as error:
            raise UnavailableError(f"PostgreSQL: {error}", code="database_conflict") from error
        except (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded) as error:
            raise UnstorableError(f"PostgreSQL: {error}") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise UnavailableError(f"PostgreSQL: {error}", code="database_unavailable") from error
        except psycopg.Error as error:
            raise MtdError(f"PostgreSQL: {error}", code="database_error") from error

    def close(self) -> None:
        """Close the connection; the next transaction opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._acting = None

    def _act(self, connection: Connection) -> None:
        """Set the tenant. This takes a round trip only when the tenant changes."""
        if self._acting != self._tenant:
            identity = {"role": TENANTS_ROLE if self._tenant else "none", "tenant": self._tenant or ""}
            connection.execute(_SQL["act_for"], identity)
            self._acting = self._tenant

    def _connected(self) -> Connection:
        if self._connection is not None and not self._alive(self._connection):
            self.close()
        if self._connection is None:
            try:
                self._connection = psycopg.connect(
                    self._conninfo(), autocommit=True, row_factory=dict_row, connect_timeout=5
                )
            except psycopg.OperationalError as error:
                # An alarm watches this line: no function can work without PostgreSQL.
                count(None, {"DatabaseConnectionErrors": 1})
                raise UnavailableError(f"PostgreSQL: {error}", code="database_unavailable") from error
        return self._connection

    @staticmethod
    def _alive(connection: Connection) -> bool:
        """Whether the server has closed the connection: a closed socket is readable, an idle one is not."""
        if connection.closed or connection.broken:
            return False
        readable, _, _ = select.select([connection.pgconn.socket], [], [], 0)
        return not readable


def conninfo_from_secret(secret: str) -> str:
    """A connection string from the JSON that RDS keeps in Secrets Manager."""
    values: dict[str, Any] = json.loads(secret)
    return psycopg.conninfo.make_conninfo(
        host=values["host"],
        port=values["port"],
        user=values["username"],
        password=values["password"],
        dbname=values["dbname"],
        application_name="mtd",
        sslmode=values.get("sslmode", "prefer"),
    )
