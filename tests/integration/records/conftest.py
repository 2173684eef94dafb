"""The running system, and databases of their own in its PostgreSQL for what would spoil everybody's records."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from devenv.instance import PROJECT
from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.schema import PostgresSchema
from tests.integration.system import System


@pytest.fixture(scope="module")
def conninfo(system: System) -> Iterator[str]:
    """A migrated database without orders, as its owner connects to it."""
    name = f"records_{uuid.uuid4().hex[:12]}"
    with system.connect() as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    own = make_conninfo(system.conninfo(), dbname=name)
    database = Database(lambda: own)
    PostgresSchema(database).migrate()
    database.close()
    yield own
    with system.connect() as server:
        server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def connection(conninfo: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(conninfo, autocommit=True) as opened:
        yield opened


@pytest.fixture
def database(conninfo: str) -> Iterator[Database]:
    opened = Database(lambda: conninfo)
    yield opened
    opened.close()


def mtd(system: System, *words: str) -> Any:
    """What the command answers in JSON; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "devenv", *words, "--json"],
        env=os.environ | {"MTD_INSTANCE": system.state["instance"]},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)
