"""The users of PostgreSQL that MTD connects as, made by its administrator: RDS knows no other way to have them."""

import json
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from mtd.adapters.postgres.database import TENANTS_ROLE, Database, conninfo_from_secret

_RECORDS_ROLE = "mtd_records"


class PostgresUsers:
    """Serves `migrate_database.Users`.

    `secret` reads a secret by its id. The administrator's has user and password alone: where the database is, the
    owner's says. `portal` is None for a stack that has no such secret yet.
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
            _give_role(connection, TENANTS_ROLE, to=name)
            # Of the functions that archive and erase events: the owner makes them, and has not their rights.
            _give_role(connection, _RECORDS_ROLE, to=name, inherited=False)
            name = sql.Identifier(reader["username"])
            # What it reads the migrations grant: everything would hold the portal's passwords and sessions too.
            connection.execute(sql.SQL("revoke pg_read_all_data from {}").format(name))
            connection.execute(sql.SQL("alter role {} set default_transaction_read_only = on").format(name))
        return [user["username"] for user in users]

    def _conninfo(self) -> str:
        values = json.loads(self._secret(self._owner)) | json.loads(self._secret(self._administrator))
        return conninfo_from_secret(json.dumps(values))


def _give(connection: psycopg.Connection[Any], user: dict[str, str]) -> None:
    """Make a user who can log in, or give the one that is there the secret's password: that is a rotation.

    The statement has a SCRAM verifier in the password's place: the server logs statements (`log_statement: ddl`), and
    who reads the log could log in. Source: PostgreSQL, CREATE ROLE, "Notes", and libpq's PQencryptPasswordConn."""
    verifier = connection.pgconn.encrypt_password(
        user["password"].encode(), user["username"].encode(), b"scram-sha-256"
    ).decode()
    known = connection.execute("select 1 from pg_roles where rolname = %s", (user["username"],)).fetchone()
    verb = sql.SQL("alter" if known else "create")
    statement = sql.SQL("{} role {} login password {}")
    connection.execute(statement.format(verb, sql.Identifier(user["username"]), sql.Literal(verifier)))


def _give_role(connection: psycopg.Connection[Any], role: str, *, to: sql.Identifier, inherited: bool = True) -> None:
    """Make the role, in which nobody logs in, and let that user act in it; its rights are the user's own if
    `inherited`."""
    if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone() is None:
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
    how = sql.SQL("true" if inherited else "false")
    connection.execute(sql.SQL("grant {} to {} with inherit {}").format(sql.Identifier(role), to, how))
