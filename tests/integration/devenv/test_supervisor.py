"""One process owns the others: it starts them, tells their deaths, and none outlives it."""

import os
import shutil
import signal
import sys
from pathlib import Path

import psutil
import pytest
from tests.integration.devenv.conftest import until

from devenv.instance import Instance
from devenv.problem import Problem
from devenv.processes.identity import ProcessIdentity
from devenv.processes.request import ProcessRequest
from devenv.processes.supervision import Supervision, clean_environment
from devenv.state import identities, running

# A child with a child of its own, which tells its pid.
_PARENT = (
    "import subprocess, sys, time, pathlib; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); "
    "pathlib.Path(sys.argv[1]).write_text(str(child.pid)); time.sleep(600)"
)
_STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


def _request(instance: Instance, name: str, code: str, *arguments: str, stop_seconds: float = 5.0) -> ProcessRequest:
    return ProcessRequest(
        name=name,
        argv=(sys.executable, "-c", code, *arguments),
        environment=clean_environment(instance),
        folder="/",
        log=str(instance.logs / f"{name}.log"),
        stop_seconds=stop_seconds,
    )


def _start(supervision: Supervision, request: ProcessRequest) -> ProcessIdentity:
    supervision.ask([request])
    supervision.wait(request, lambda: True, seconds=20)
    return identities(supervision.state.read())[request.name]


def test_a_second_ensure_starts_no_second_supervisor(supervision: Supervision) -> None:
    first = supervision.supervisor()
    supervision.ensure()
    assert supervision.supervisor() == first


def test_an_end_takes_children_and_grandchildren(instance: Instance, supervision: Supervision, tmp_path: Path) -> None:
    pid_file = tmp_path / "grandchild"
    child = _start(supervision, _request(instance, "parent", _PARENT, str(pid_file)))
    assert until(pid_file.exists)
    assert until(lambda: pid_file.read_text() != "")
    grandchild = ProcessIdentity.of(int(pid_file.read_text()))
    assert grandchild is not None
    assert supervision.end()
    assert not child.alive()
    assert not grandchild.alive()
    assert supervision.state.read()["pids"] == {}


def test_an_orphaned_grandchild_is_taken_too(instance: Instance, supervision: Supervision, tmp_path: Path) -> None:
    pid_file = tmp_path / "grandchild"
    child = _start(supervision, _request(instance, "parent", _PARENT, str(pid_file)))
    assert until(lambda: pid_file.exists() and pid_file.read_text() != "")
    grandchild = ProcessIdentity.of(int(pid_file.read_text()))
    assert grandchild is not None
    os.kill(child.pid, signal.SIGKILL)
    assert until(lambda: "parent" in supervision.state.read().get("deaths", {}))
    assert grandchild.alive()
    supervision.end()
    assert not grandchild.alive()


def test_children_die_with_a_killed_supervisor(instance: Instance, supervision: Supervision) -> None:
    child = _start(supervision, _request(instance, "stubborn", _STUBBORN))
    supervisor = supervision.supervisor()
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    assert until(lambda: not child.alive())


def test_a_process_that_ignores_sigterm_is_killed(instance: Instance, supervision: Supervision) -> None:
    request = _request(instance, "stubborn", _STUBBORN, stop_seconds=0.2)
    child = _start(supervision, request)
    assert until(lambda: "up" in Path(request.log).read_text())
    supervision.end()
    assert not child.alive()


def test_a_death_is_reported_with_the_last_line_of_the_log(instance: Instance, supervision: Supervision) -> None:
    request = _request(instance, "brief", "print('no room left'); raise SystemExit(7)")
    supervision.ask([request])
    with pytest.raises(Problem) as raised:
        supervision.wait(request, lambda: False, seconds=20)
    assert "exit code 7" in raised.value.sentence
    assert "no room left" in raised.value.sentence
    assert not running(supervision.state.read(), "brief")


def test_a_program_that_is_not_there_is_a_death(instance: Instance, supervision: Supervision) -> None:
    request = ProcessRequest(
        name="none", argv=("/nonexistent",), environment={}, folder="/", log=str(instance.logs / "none.log")
    )
    supervision.ask([request])
    with pytest.raises(Problem, match="none"):
        supervision.wait(request, lambda: False, seconds=20)


def test_a_new_ticket_replaces_and_a_withdrawal_stops(instance: Instance, supervision: Supervision) -> None:
    code = "import time; time.sleep(600)"
    first = _start(supervision, _request(instance, "one", code))
    second = _start(supervision, _request(instance, "one", code))
    assert second != first
    assert until(lambda: not first.alive())
    supervision.withdraw("one")
    assert until(lambda: not second.alive())


def test_a_removed_folder_ends_everything(instance: Instance, supervision: Supervision) -> None:
    child = _start(supervision, _request(instance, "one", "import time; time.sleep(600)"))
    shutil.rmtree(instance.folder)
    assert until(lambda: not child.alive())


def test_a_corrupt_state_does_not_hinder_the_end(instance: Instance, supervision: Supervision) -> None:
    child = _start(supervision, _request(instance, "one", "import time; time.sleep(600)"))
    (instance.folder / "state.json").write_text("{")
    assert supervision.end()
    assert not child.alive()


def test_an_end_leaves_strangers_alone(instance: Instance, supervision: Supervision) -> None:
    """A recorded pid that is another process by now (another start time) is not ours."""
    stranger = psutil.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        supervision.end()
        supervision.state.merge(pids={"postgres": {"pid": stranger.pid, "started": "another"}})
        assert not supervision.end()
        assert stranger.is_running()
        assert instance.folder.exists()
    finally:
        stranger.kill()
        stranger.wait()
