"""state.json and secrets.json: whole or refused."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest

from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.problem import Problem
from devenv.processes.identity import ProcessIdentity
from devenv.processes.request import ProcessRequest, read_all
from devenv.state import Document, StateFile, running, write_json


def test_without_a_file_the_state_is_empty(instance: Instance) -> None:
    assert StateFile(instance).read() == {}


def test_merged_values_are_read_again(instance: Instance) -> None:
    StateFile(instance).merge(ports={"postgres": 1})
    assert StateFile(instance).merge(endpoint="e")["ports"] == {"postgres": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', '{"version": 1, "pids": []}', "\x00\x01"])
def test_a_corrupt_file_is_reported_with_its_fix(text: str, instance: Instance) -> None:
    instance.folder.mkdir(parents=True)
    (instance.folder / "state.json").write_text(text)
    with pytest.raises(Problem) as raised:
        StateFile(instance).read()
    assert "corrupt" in raised.value.sentence
    assert "make down" in raised.value.fix


def test_writers_at_once_lose_nothing(instance: Instance) -> None:
    state = StateFile(instance)

    def add(number: int) -> None:
        def change(document: Document) -> None:
            document.setdefault("ports", {})[str(number)] = number

        state.update(change)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert len(state.read()["ports"]) == 40


def test_a_writer_that_fails_leaves_the_old_file(instance: Instance) -> None:
    state = StateFile(instance)
    state.merge(endpoint="kept")
    with pytest.raises(TypeError):
        state.merge(endpoint=object())
    assert state.read()["endpoint"] == "kept"
    assert [path.name for path in instance.folder.glob(".state*")] == []


def test_a_process_is_known_by_its_start_time_too(instance: Instance) -> None:
    mine = ProcessIdentity.of(os.getpid())
    assert mine is not None
    assert mine.alive()
    assert not ProcessIdentity(pid=mine.pid, started="another").alive()
    document = {"pids": {"me": mine.as_json(), "other": {"pid": mine.pid, "started": "x"}}}
    assert (running(document, "me"), running(document, "other"), running(document, "none")) == (True, False, False)
    assert instance.name == "one"


def test_an_ended_process_has_no_identity() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert ProcessIdentity.of(child.pid) is None


def test_secrets_are_made_once_and_readable_by_their_owner_only(instance: Instance) -> None:
    first = InstancePasswords.of(instance)
    path = instance.folder / "secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert InstancePasswords.of(instance) == first
    assert len(set(asdict(first).values())) == 5


def test_secrets_of_before_the_portal_are_kept_and_completed(instance: Instance) -> None:
    write_json(instance.folder / "secrets.json", {"postgres": "a", "application": "b"}, mode=0o600)
    completed = InstancePasswords.of(instance)
    assert (completed.postgres, completed.application) == ("a", "b")
    assert InstancePasswords.of(instance) == completed


def test_secrets_with_a_loose_mode_are_closed_again(instance: Instance) -> None:
    InstancePasswords.of(instance)
    path = instance.folder / "secrets.json"
    path.chmod(0o644)
    InstancePasswords.of(instance)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_broken_secrets_are_reported(instance: Instance) -> None:
    instance.folder.mkdir(parents=True)
    (instance.folder / "secrets.json").write_text("{}")
    with pytest.raises(Problem, match="secrets"):
        InstancePasswords.of(instance)


def test_requests_are_read_back_and_rubbish_is_left_out(instance: Instance) -> None:
    request = ProcessRequest(name="a", argv=("true",), environment={"X": "1"}, folder="/", log="/dev/null")
    request.write(instance.requests)
    (instance.requests / "bad.json").write_text("{")
    assert read_all(instance.requests) == {"a": request}
    assert stat.S_IMODE((instance.requests / "a.json").stat().st_mode) == 0o600
