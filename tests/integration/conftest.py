"""The system under test: one instance of a home for all workers, started by the first and stopped by the last."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

PROJECT = Path(__file__).resolve().parents[2]
# Fast retries and short time-outs, so that ten tries take a second.
PARAMETERS = "ci"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--home", default="embedded", choices=("embedded",), help="where the system under test runs")
    parser.addoption("--instance", default=None, help="use this running instance instead of starting one")


@pytest.fixture(scope="session")
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """The state document of a running instance of the home."""
    given = request.config.getoption("--instance")
    if given:
        yield _state(given)
        return
    # All xdist workers of one run share the parent of their base folders.
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    instance = f"test-{shared.stat().st_ino}"
    users = shared / "mtd-users"
    lock = FileLock(shared / "mtd.lock")
    with lock:
        count = int(users.read_text()) if users.exists() else 0
        if count == 0:
            _mtd(instance, "up", "--home", request.config.getoption("--home"), "--no-seed", "--no-watch")
        users.write_text(str(count + 1))
    try:
        yield _state(instance)
    finally:
        with lock:
            count = int(users.read_text()) - 1
            users.write_text(str(count))
            if count == 0:
                _mtd(instance, "down", "--wipe")


def _mtd(instance: str, *words: str) -> None:
    command = [sys.executable, "-m", "devenv", *words]
    environment = os.environ | {"MTD_INSTANCE": instance, "MTD_PARAMETERS": PARAMETERS}
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        pytest.exit(f"mtd {' '.join(words)} of instance {instance} failed:\n{done.stdout}{done.stderr}", 3)


def _state(instance: str) -> dict[str, object]:
    path = Path(os.environ.get("MTD_HOME", PROJECT / ".mtd")) / instance / "state.json"
    document: dict[str, object] = json.loads(path.read_text("utf-8"))
    document["folder"] = str(path.parent)
    return document
