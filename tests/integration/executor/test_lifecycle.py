"""Concurrency, idle environments, dead fork servers, dead emulators."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.integration.executor.bare_localstack import BareLocalStack, poll
from tests.integration.executor.functions import Functions
from tests.integration.executor.test_failures import gone

MEETS = """
import os, pathlib, time
def handler(event, context):
    folder = pathlib.Path(event["folder"])
    (folder / context.aws_request_id).touch()
    deadline = time.monotonic() + 15
    while len(list(folder.iterdir())) < event["number"] and time.monotonic() < deadline:
        time.sleep(0.01)
    return os.getpid()
"""
PIDS = "import os\ndef handler(event, context):\n    return [os.getpid(), os.getppid()]\n"


def test_concurrent_calls_have_a_process_each(functions: Functions, tmp_path: Path) -> None:
    functions.create("meets", MEETS, Timeout=20)
    event = {"folder": str(tmp_path), "number": 5}
    with ThreadPoolExecutor(5) as pool:
        pids = list(pool.map(lambda _: functions.invoke("meets", event).payload, range(5)))
    assert len(set(pids)) == 5
    assert len(list(tmp_path.iterdir())) == 5, "they ran at the same time"


def test_several_functions_at_once_do_not_mix(functions: Functions) -> None:
    source = "import os\ndef handler(event, context):\n    return [os.environ['WHO'], event]\n"
    names = [f"mix_{letter}" for letter in "abcd"]
    for name in names:
        functions.create(name, source, environment={"WHO": name})
    calls = [(name, number) for number in range(15) for name in names]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda call: functions.invoke(*call).payload, calls))
    assert answers == [list(call) for call in calls]


def test_reserved_concurrency_throttles(functions: Functions, tmp_path: Path) -> None:
    functions.create("reserved", MEETS, Timeout=20)
    functions.client.put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=1)
    event = {"folder": str(tmp_path), "number": 2}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(functions.invoke, "reserved", event)
        poll(lambda: bool(list(tmp_path.iterdir())), because="the first call runs")
        with pytest.raises(functions.client.exceptions.TooManyRequestsException):
            functions.invoke("reserved", event)
        (tmp_path / "released").touch()
        assert first.result().payload


def test_an_idle_environment_is_reaped_with_its_folder(functions: Functions) -> None:
    source = "import os, tempfile\ndef handler(e, c):\n    return [os.getpid(), tempfile.gettempdir()]\n"
    functions.create("idle", source)
    pid, folder = functions.invoke("idle").payload
    assert Path(folder).is_dir()
    poll(lambda: gone(pid), because="LocalStack's keep-alive has passed")
    poll(lambda: not Path(folder).exists(), because="its folder is removed")
    assert functions.environments("idle") == []


def test_a_deleted_functions_processes_end(functions: Functions) -> None:
    functions.create("deleted", PIDS)
    pid, _ = functions.invoke("deleted").payload
    functions.client.delete_function(FunctionName="deleted")
    poll(lambda: gone(pid))


def test_a_dead_fork_server_takes_its_processes_along_and_is_replaced(functions: Functions) -> None:
    layer = functions.publish_layer("one-server", {"python/only_here.py": "mark = 1"})
    functions.create("bereft", PIDS, layers=[layer])
    pid, server = functions.invoke("bereft").payload
    os.kill(server, signal.SIGKILL)
    poll(lambda: gone(pid), because="a function does not outlive its fork server")
    other_pid, other_server = functions.invoke("bereft").payload
    assert (other_pid, other_server) != (pid, server)
    assert not gone(other_server)


def test_published_versions_and_aliases_run(functions: Functions) -> None:
    functions.create("versioned", "def handler(e, c):\n    return [c.function_version, c.invoked_function_arn]\n")
    version = functions.client.publish_version(FunctionName="versioned")["Version"]
    functions.client.create_alias(FunctionName="versioned", Name="live", FunctionVersion=version)
    poll(
        lambda: (
            functions.client.get_function(FunctionName="versioned", Qualifier=version)["Configuration"]["State"]
            == "Active"
        )
    )
    ran, arn = functions.invoke("versioned", qualifier="live").payload
    assert ran == version
    assert arn.endswith(":versioned:live")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_nothing_outlives_localstack(tmp_path: Path, end: str) -> None:
    with BareLocalStack(tmp_path / "localstack") as localstack:
        functions = Functions(localstack, "300000000001")
        functions.create("outlives", PIDS)
        pids = functions.invoke("outlives").payload
        assert not any(gone(pid) for pid in pids)
        getattr(localstack, end)()
        poll(lambda: all(gone(pid) for pid in pids), because="function and fork server are gone")


@pytest.mark.slow
def test_fresh_interpreters_serve_too(tmp_path: Path) -> None:
    with BareLocalStack(tmp_path / "localstack", {"MTD_LAMBDA_START": "fresh"}) as localstack:
        functions = Functions(localstack, "300000000002")
        source = "import sys, os\ndef handler(e, c):\n    return ['boto3' in sys.modules, os.environ['MINE']]\n"
        functions.create("fresh", source, environment={"MINE": "ü"})
        assert functions.invoke("fresh").payload == [False, "ü"]
        assert functions.invoke("fresh").payload == [False, "ü"]
