"""The users of PostgreSQL that MTD connects as. The administrator makes them: RDS offers no other way."""

import json
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from mtd.adapters.postgres.database import TENANTS_ROLE, Database, conninfo_from_secret

_RECORDS_ROLE = "mtd_records"
_IDLE = sql.Literal("2min")


class PostgresUsers:
    """Serves `migrate_database.Users`.

    `secret` reads a secret by its id. The administrator's secret has user and password only; the owner's has the
    database's address, too. `portal` is None for a stack that has no such secret yet.
    """

    def __init__(
        self, secret: Callable[[str], str], *, administrator: str, owner: str, reader: str, portal: str | None
    ) -> None:
        self._secret = secret
        self._administrator = administrator
        self._owner = owner
        self._reader = reader
        self._portal = portal

    def ensure(self) -> list[str]:
        named = (self._owner, self._reader, self._portal)
        users = [json.loads(self._secret(name)) for name in named if name is not None]
        owner, reader = users[:2]
        with Database(self._conninfo).transaction() as connection:
            for user in users:
                _give(connection, user)
            name, database = sql.Identifier(owner["username"]), sql.Identifier(owner["dbname"])
            connection.execute(sql.SQL("grant create on database {} to {}").format(database, name))
            connection.execute(sql.SQL("grant usage, create on schema public to {}").format(name))
            # Environments of a version that nobody calls any more keep their connections for many minutes, beside those
            # of the next; one that is called again opens another (docs/adr/0010).
            connection.execute(sql.SQL("alter role {} set idle_session_timeout = {}").format(name, _IDLE))
            _give_role(connection, TENANTS_ROLE, to=name)
            # The functions that archive and erase events run as it. Their owner does not have its rights.
            _give_role(connection, _RECORDS_ROLE, to=name, inherited=False)
            name = sql.Identifier(reader["username"])
            # The migrations grant its rights. pg_read_all_data would include the portal's passwords and sessions.
            connection.execute(sql.SQL("revoke pg_read_all_data from {}").format(name))
            connection.execute(sql.SQL("alter role {} set default_transaction_read_only = on").format(name))
        return [user["username"] for user in users]

    def _conninfo(self) -> str:
        values = json.loads(self._secret(self._owner)) | json.loads(self._secret(self._administrator))
        return conninfo_from_secret(json.dumps(values))


def _give(connection: psycopg.Connection[Any], user: dict[str, str]) -> None:
    """Make a user who can log in, or give an existing one the secret's password (a rotation).

    The statement has a SCRAM verifier instead of the password: the server logs statements (`log_statement: ddl`), and
    a reader of the log could log in otherwise.
    Source: PostgreSQL, CREATE ROLE, "Notes", and libpq's PQencryptPasswordConn.
    """
    verifier = connection.pgconn.encrypt_password(
        user["password"].encode(), user["username"].encode(), b"scram-sha-256"
    ).decode()
    known = connection.execute("select 1 from pg_roles where rolname = %s", (user["username"],)).fetchone()
    verb = sql.SQL("alter" if known else "create")
    statement = sql.SQL("{} role {} login password {}")
    connection.execute(statement.format(verb, sql.Identifier(user["username"]), sql.Literal(verifier)))


def _give_role(connection: psycopg.Connection[Any], role: str, *, to: sql.Identifier, inherited: bool = True) -> None:
    """Make the role without a login, and let that user act in it. With `inherited` it has its rights at once."""
    if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone() is None:
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
    how = sql.SQL("true" if inherited else "false")
    connection.execute(sql.SQL("grant {} to {} with inherit {}").format(sql.Identifier(role), to, how))
