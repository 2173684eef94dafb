"""CloudWatch's connections of the emulator."""

import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from mtd_localstack.telemetry import closing_connections
from mtd_localstack.telemetry.closing_connections import closing_sqlite

LOCALSTACK = Path(closing_connections.__file__).parents[2]


def test_a_block_commits_and_closes(tmp_path: Path) -> None:
    database = closing_sqlite()
    with database.connect(tmp_path / "metrics.db") as connection:
        connection.execute("create table metrics (value)")
        connection.execute("insert into metrics values (7)")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("select 1")

    with database.connect(f"file:{tmp_path / 'metrics.db'}?mode=ro", uri=True) as again:
        assert again.execute("select value from metrics").fetchall() == [(7,)]


def test_a_block_that_fails_rolls_back_and_closes(tmp_path: Path) -> None:
    database = closing_sqlite()
    with database.connect(tmp_path / "metrics.db") as connection:
        connection.execute("create table metrics (value)")
    connection = database.connect(tmp_path / "metrics.db")
    with pytest.raises(sqlite3.OperationalError), connection:
        connection.executescript("begin; insert into metrics values (7); insert into nowhere values (1)")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("select 1")
    with database.connect(tmp_path / "metrics.db") as connection:
        assert connection.execute("select count(*) from metrics").fetchone() == (0,)


def test_the_limit_of_descriptors_rises_to_what_is_allowed() -> None:
    program = (
        "import resource; from mtd_localstack.telemetry.closing_connections import raise_descriptor_limit as r;"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard));"
        "r(); print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(LOCALSTACK)}, capture_output=True, text=True, check=True
    )
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = closing_connections.MOST_DESCRIPTORS
    assert int(ran.stdout) == (most if hard == resource.RLIM_INFINITY else min(most, hard))
