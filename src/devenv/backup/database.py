"""The database's part: pg_dump of one moment; pg_restore beside what stands, whose place it takes when it is equal."""

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
    """The instance's server, as its superuser."""

    def __init__(self, instance: Instance, port: int) -> None:
        self._instance = instance
        self._port = port
        self._password = InstancePasswords.of(instance).postgres

    def dump(self, file: Path) -> dict[str, ContentDigest]:
        """Write the dump; what is in it, table by table, as of the same moment."""
        with self._connect(DATABASE) as connection, connection.transaction():
            connection.execute("set transaction isolation level repeatable read read only")
            row = connection.execute("select pg_export_snapshot()").fetchone()
            assert row is not None
            self._run("pg_dump", "--format=custom", f"--snapshot={row[0]}", f"--file={file}", DATABASE)
            return tables(connection)

    def orders(self) -> int:
        """How many orders the database has."""
        with self._connect(DATABASE) as connection:
            row = connection.execute("select count(*) from orders").fetchone()
        assert row is not None
        count: int = row[0]
        return count

    def restore(self, file: Path) -> dict[str, ContentDigest]:
        """Restore the dump beside the database; what is in it then. `replace` puts it in its place."""
        self.drop()
        with self._connect("postgres") as connection:
            names = sql.Identifier(_RESTORED), sql.Identifier(ROLE)
            connection.execute(sql.SQL("create database {} owner {}").format(*names))
        self._run("pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={_RESTORED}", str(file))
        with self._connect(_RESTORED) as connection:
            return tables(connection)

    def replace(self) -> None:
        """The restored database takes the place of the one that stands; functions connect anew."""
        with self._connect("postgres") as connection:
            standing = sql.Identifier(DATABASE)
            connection.execute(sql.SQL("alter database {} with allow_connections false").format(standing))
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (DATABASE,))
            for old, new in ((DATABASE, _REPLACED), (_RESTORED, DATABASE)):
                names = sql.Identifier(old), sql.Identifier(new)
                connection.execute(sql.SQL("alter database {} rename to {}").format(*names))
        self.drop()

    def drop(self) -> None:
        """What an earlier restore has left."""
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
            raise Problem(f"There is no {name} in {program.parent}.", fix="Unset MTD_PG_BINDIR, or install the client.")
        environment: Mapping[str, str] = dict(self._instance.environ) | {
            "PGHOST": HOST,
            "PGPORT": str(self._port),
            "PGUSER": "postgres",
            "PGPASSWORD": self._password,
        }
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Problem(f"{name} failed: {reason}", fix="See 'mtd doctor', and the space on the disk.")
