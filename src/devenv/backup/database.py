"""Saves the database with pg_dump, and restores it with pg_restore beside the current one, which it then replaces."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from devenv.backends.postgres import DATABASE, ROLE, find_programs
from devenv.backup.comparison import ContentDigest, tables
from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import HOST
from devenv.problem import Problem

_RESTORED, _REPLACED = "mtd_restored", "mtd_replaced"


class DatabaseBackup:
    """Connects to the instance's server as the superuser."""

    def __init__(self, instance: Instance, port: int) -> None:
        self._instance = instance
        self._port = port
        self._password = InstancePasswords.of(instance).postgres

    def dump(self, file: Path) -> dict[str, ContentDigest]:
        """Writes the dump and returns the digest of each table, both of one snapshot."""
        with self._connect(DATABASE) as connection, connection.transaction():
            connection.execute("set transaction isolation level repeatable read read only")
            row = connection.execute("select pg_export_snapshot()").fetchone()
            assert row is not None
            self._run("pg_dump", "--format=custom", f"--snapshot={row[0]}", f"--file={file}", DATABASE)
            return tables(connection)

    def orders(self) -> int:
        """The number of orders in the database."""
        with self._connect(DATABASE) as connection:
            row = connection.execute("select count(*) from orders").fetchone()
        assert row is not None
        count: int = row[0]
        return count

    def restore(self, file: Path) -> dict[str, ContentDigest]:
        """Restores the dump beside the database and returns the digest of each table. `replace` then swaps the two."""
        self.drop()
        with self._connect("postgres") as connection:
            names = sql.Identifier(_RESTORED), sql.Identifier(ROLE)
            connection.execute(sql.SQL("create database {} owner {}").format(*names))
        self._run("pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={_RESTORED}", str(file))
        with self._connect(_RESTORED) as connection:
            return tables(connection)

    def replace(self) -> None:
        """Puts the restored database in the place of the current one; functions then reconnect."""
        with self._connect("postgres") as connection:
            database = sql.Identifier(DATABASE)
            connection.execute(sql.SQL("alter database {} with allow_connections false").format(database))
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (DATABASE,))
            for old, new in ((DATABASE, _REPLACED), (_RESTORED, DATABASE)):
                names = sql.Identifier(old), sql.Identifier(new)
                connection.execute(sql.SQL("alter database {} rename to {}").format(*names))
        self.drop()

    def drop(self) -> None:
        """Drops the database of an unfinished restore."""
        with self._connect("postgres") as connection:
            for name in (_RESTORED, _REPLACED):
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=HOST, port=self._port, user="postgres", password=self._password, dbname=database, autocommit=True
        )

    def _run(self, name: str, *arguments: str) -> None:
        program = find_programs(self._instance) / name
        if not program.exists():
            raise Problem(f"{program.parent} has no {name}.", fix="Unset MTD_PG_BINDIR, or install the client.")
        environment: Mapping[str, str] = dict(self._instance.environ) | {
            "PGHOST": HOST,
            "PGPORT": str(self._port),
            "PGUSER": "postgres",
            "PGPASSWORD": self._password,
        }
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Problem(f"{name} failed: {reason}", fix="Run 'mtd doctor', and check the space on the disk.")
