"""The system under test: one instance for all workers, started on first use and stopped at the end."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock
from psycopg import sql
from psycopg.conninfo import make_conninfo

from devenv.backends.choice import BACKENDS, choose
from devenv.instance import Instance
from devenv.ports import PortChooser, can_bind
from devenv.problem import Problem
from devenv.running import Running
from devenv.state import StateFile
from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.schema import PostgresSchema
from tests.integration.system import BROKEN_BY_HAND, System

PROJECT = Path(__file__).resolve().parents[2]
# Fast retries and short time-outs, so that ten tries take a second.
PARAMETERS = "ci"
_EMBEDDED_ONLY = {
    "devenv": "it is about processes of this machine, their supervisor and their files",
    "executor": "it starts LocalStacks of its own as processes; the image has the same plug-in",
    "aws": "it starts a LocalStack of its own as a process; the image has the same plug-in",
}
# An order that a test has left may still be on its way so long.
_STANDING_SECONDS = 300
# Set by the process that people start, for its xdist workers.
_NAME, _KIND, _WHY = "MTD_TEST_INSTANCE", "MTD_TEST_HOME", "MTD_TEST_HOME_REASON"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--home", choices=BACKENDS, help="the backend of the system under test (default: as `mtd up` chooses)"
    )
    parser.addoption("--instance", default=None, help="use this running instance instead of starting one")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    given = config.getoption("--instance")
    os.environ[_NAME] = given or f"test-{os.getpid()}"
    try:
        chosen = choose(config.getoption("--home") or "", _instance())
    except Problem as problem:
        raise pytest.UsageError(f"{problem.sentence} {problem.fix}") from problem
    os.environ |= {_KIND: chosen.name, _WHY: chosen.reason}
    if chosen.name == "compose" and not given:
        from tests.integration import compose_project

        compose_project.guard()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"backend: {os.environ[_KIND]} ({os.environ[_WHY]})")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails the session when an invariant is broken in the instance that its tests have used together."""
    if hasattr(session.config, "workerinput") or _NAME not in os.environ:
        return
    folder = _instance().folder
    try:
        api = Running.of(_instance()).orders_api()
        broken = api.broken_invariants(_STANDING_SECONDS)
    except Problem:
        return  # no test has started it, or the last one has stopped it
    by_hand = folder / BROKEN_BY_HAND
    known = set(by_hand.read_text("utf-8").splitlines()) if by_hand.exists() else set()
    unknown = [each for each in broken if each["subject"] not in known and each["tenant"] not in known]
    for each in unknown:
        print(f"\nBroken invariant {each['invariant']}: {each['tenant']} {each['subject']}: {each['says']}")
    if unknown:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops the instance after the tests, whichever worker started it."""
    if hasattr(config, "workerinput") or _NAME not in os.environ or config.getoption("--instance"):
        return
    if _instance().folder.exists():
        _mtd("down", "--wipe")
    if os.environ.get(_KIND) == "compose":
        from tests.integration import compose_project

        compose_project.unguard()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ[_KIND] == "embedded":
        return
    for item in items:
        reason = _EMBEDDED_ONLY.get(item.path.parent.name)
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=f"on the embedded backend only: {reason}"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Groups of tests share an instance. Without groups each worker would start one."""
    if getattr(session.config.option, "loadgroup", False):
        lost = [item for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
        if lost:
            raise pytest.UsageError("this pytest-xdist does not keep groups of tests on one worker with this pytest")


@pytest.fixture(scope="session")
def backend() -> str:
    """The backend of the system under test."""
    return os.environ[_KIND]


@pytest.fixture(scope="session")
def state_document(request: pytest.FixtureRequest, backend: str) -> dict[str, object]:
    """The state document of a running instance on that backend."""
    instance = _instance()
    if not request.config.getoption("--instance"):
        # The first worker starts it, the others wait.
        instance.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(instance.folder / "test.lock"):
            if not StateFile(instance).read().get("fingerprint"):
                _start(instance, backend)
    path = instance.folder / "state.json"
    document: dict[str, object] = json.loads(path.read_text("utf-8"))
    document["folder"] = str(path.parent)
    return document


def _start(instance: Instance, kind: str) -> None:
    if kind == "compose":
        from devenv.backends.compose import ComposeServers
        from tests.integration.compose_project import ComposeProject

        servers = ComposeServers(instance=instance)
        ports = PortChooser(instance=instance, free=can_bind).choose({}, frozenset())
        servers.settings.write(ports)
        servers.build()
        ComposeProject(servers).start()
        StateFile(instance).merge(home=kind, ports=ports)
    _mtd("up", "--home", kind, "--no-seed", "--no-watch")


def _instance() -> Instance:
    return Instance.from_env(os.environ | {"MTD_INSTANCE": os.environ[_NAME]}, PROJECT)


def _mtd(*words: str) -> None:
    environment = os.environ | {"MTD_INSTANCE": os.environ[_NAME], "MTD_PARAMETERS": PARAMETERS}
    done = subprocess.run(
        [sys.executable, "-m", "devenv", *words],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        pytest.exit(f"mtd {' '.join(words)} of {os.environ[_NAME]} failed:\n{done.stdout}{done.stderr}", 3)


@pytest.fixture(scope="session")
def system(state_document: dict[str, object]) -> System:
    """The running system as its users see it."""
    return System(state_document)


@pytest.fixture
def number() -> str:
    """An order number that no other test uses."""
    return f"T-{uuid.uuid4().hex[:12]}"


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
