"""Timeouts, memory, crashes and failed inits, each answered, logged and survived as on AWS."""

import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.integration.executor.bare_localstack import poll
from tests.integration.executor.functions import Functions


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie counts as ended)."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


MISBEHAVES = """
import ctypes, os, sys, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    print("doing", event)
    if event == "hang":
        with open(os.environ["LEAVES_PID"], "w") as file:
            file.write(str(os.getpid()))
        time.sleep(60)
    if event == "exit":
        sys.exit(3)
    if event == "vanish":
        os._exit(0)
    if event == "segfault":
        ctypes.string_at(0)
    if event == "eat":
        kept = []
        while True:
            kept.append(bytearray(os.urandom(1 << 20)))
    if event == "raise":
        raise KeyError("no such thing")
    return calls
"""


@pytest.fixture
def misbehaves(functions: Functions, tmp_path: Path) -> str:
    """A function that does wrong what its event says, and otherwise answers how often it was called."""
    settings = {"LEAVES_PID": str(tmp_path / "pid")}
    functions.create("misbehaves", MISBEHAVES, environment=settings, Timeout=1)
    assert functions.invoke("misbehaves").payload == 1
    assert functions.invoke("misbehaves").payload == 2, "one process serves call after call"
    return "misbehaves"


def test_a_timeout_ends_the_process_and_the_next_call_is_fresh(
    functions: Functions, misbehaves: str, tmp_path: Path
) -> None:
    answer = functions.invoke(misbehaves, "hang")
    assert answer.failed
    words = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [0-9a-f-]{36} Task timed out after 1\.00 seconds$"
    assert re.match(words, answer.payload["errorMessage"])
    assert "doing hang" in answer.log
    assert re.search(words, answer.log, re.MULTILINE)
    assert re.search(r"Duration: 1000\.00 ms\tBilled Duration: 1000 ms\t.*\tStatus: timeout", answer.log)
    pid = int((tmp_path / "pid").read_text())
    poll(lambda: gone(pid), because="the process is gone")
    assert functions.invoke(misbehaves).payload == 1


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("exit", "Runtime exited with error: exit status 3"),
        ("vanish", "Runtime exited without providing a reason"),
        ("segfault", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_a_crash_is_an_exit_error_and_the_next_call_is_fresh(
    functions: Functions, misbehaves: str, event: str, reason: str
) -> None:
    answer = functions.invoke(misbehaves, event)
    assert answer.failed
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(rf"RequestId: [0-9a-f-]{{36}} Error: {reason}", answer.payload["errorMessage"])
    assert f"doing {event}" in answer.log
    assert "Status: error\tError Type: Runtime.ExitError" in answer.log
    assert functions.invoke(misbehaves).payload == 1


def test_too_much_memory_is_killed_as_on_aws(functions: Functions) -> None:
    functions.create("eats", MISBEHAVES, Timeout=60, MemorySize=160)
    answer = functions.invoke("eats", "eat")
    assert answer.failed
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert answer.payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "Max Memory Used: 160 MB" in answer.log
    assert "Error Type: Runtime.OutOfMemory" in answer.log
    assert functions.invoke("eats").payload == 1


def test_a_peak_between_two_looks_counts_too(functions: Functions) -> None:
    source = "def handler(event, context):\n    return len(b'x' * (event << 20))\n"
    functions.create("peaks", source, Timeout=60, MemorySize=160)
    assert functions.invoke("peaks", 10).payload == 10 << 20
    answer = functions.invoke("peaks", 300)
    assert answer.payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")


def test_a_raised_exception_has_type_message_and_trace_and_keeps_the_process(
    functions: Functions, misbehaves: str
) -> None:
    answer = functions.invoke(misbehaves, "raise")
    assert answer.failed
    assert answer.payload["errorType"] == "KeyError"
    assert answer.payload["errorMessage"] == "'no such thing'"
    assert any("handler.py" in line for line in answer.payload["stackTrace"])
    assert "[ERROR] KeyError: 'no such thing'" in answer.log
    assert functions.invoke(misbehaves).payload == 4


@pytest.mark.parametrize(
    ("source", "error_type", "message"),
    [
        ("import not_there\n", "Runtime.ImportModuleError", "Unable to import module 'handler': No module named"),
        ("def handler(:\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'handler':"),
        ("raise ValueError('at import')\n", "ValueError", "at import"),
        ("other = 1\n", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'handler'"),
    ],
)
def test_an_init_error_has_its_type_and_request(
    functions: Functions, source: str, error_type: str, message: str
) -> None:
    functions.create("broken", source)
    for _ in range(2):
        answer = functions.invoke("broken")
        assert answer.failed
        assert answer.payload["errorType"] == error_type
        assert message in answer.payload["errorMessage"]
        request_id = answer.payload["requestId"]
        assert f"START RequestId: {request_id}" in answer.log
        assert f"[ERROR] {error_type}" in answer.log
        assert re.search(rf"INIT_REPORT Init Duration: .*Status: error\tError Type: {error_type}", answer.log)


def test_an_exception_at_import_has_a_trace(functions: Functions) -> None:
    functions.create("traced", "def broken():\n    raise ValueError('deep')\n\nbroken()\n")
    trace = "".join(functions.invoke("traced").payload["stackTrace"])
    assert "in broken" in trace
    assert "handler.py" in trace


def test_a_process_that_ends_in_its_init_is_an_exit_error(functions: Functions) -> None:
    functions.create("quits", "import sys\nprint('before the end')\nsys.exit(7)\n")
    answer = functions.invoke("quits")
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert answer.payload["errorMessage"].endswith("Runtime exited with error: exit status 7")
    assert "before the end" in answer.log


def test_child_processes_of_a_function_end_with_it(functions: Functions, tmp_path: Path) -> None:
    source = """
import subprocess, time
def handler(event, context):
    child = subprocess.Popen(["sleep", "600"])
    with open(event, "w") as file:
        file.write(str(child.pid))
    time.sleep(60)
"""
    functions.create("parent", source, Timeout=1)
    assert functions.invoke("parent", str(tmp_path / "child")).failed
    child = int((tmp_path / "child").read_text())
    poll(lambda: gone(child), because="the child is gone")


def test_only_python_runs(functions: Functions) -> None:
    with pytest.raises(AssertionError, match="only zip packages of a python runtime run as processes"):
        functions.create("node", "exports.handler = 1", Runtime="nodejs22.x")


def test_pids_of_tests_are_not_ours(functions: Functions) -> None:
    functions.create("elsewhere", "import os\ndef handler(e, c):\n    return [os.getpid(), os.getppid()]\n")
    pid, parent = functions.invoke("elsewhere").payload
    assert functions.environments("elsewhere")[0]["pid"] == pid
    assert parent not in (os.getpid(), functions.localstack.process.pid), "the fork server is the parent"


def arm(functions: Functions, function: str, kind: str, after_ms: float = 0) -> dict[str, object]:
    """Arm a fault for the next call of the function; what the emulator answers."""
    body = json.dumps({"function": function, "kind": kind, "after_ms": after_ms}).encode()
    request = urllib.request.Request(
        f"{functions.localstack.endpoint}/_mtd/faults", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        metrics: dict[str, object] = json.load(answer)
        return metrics


@pytest.mark.parametrize(
    ("kind", "event", "error"),
    [
        ("killed", "hang", "Runtime exited with error: signal: killed"),
        ("killed_answering", "answer", "Runtime exited with error: signal: killed"),
        ("timed_out", "hang", "Task timed out after 1.00 seconds"),
    ],
)
def test_a_fault_strikes_one_call_as_the_machine_would(
    functions: Functions, tmp_path: Path, kind: str, event: str, error: str
) -> None:
    name = f"struck-{kind}"
    functions.create(name, MISBEHAVES, environment={"LEAVES_PID": str(tmp_path / "pid")}, Timeout=1)
    assert functions.invoke(name).payload == 1
    arm(functions, name, kind, after_ms=200)
    answer = functions.invoke(name, event)
    assert answer.failed
    assert error in answer.payload["errorMessage"]
    assert f"doing {event}" in answer.log
    assert functions.invoke(name).payload == 1, "a fresh process, and the fault is used up"


def test_a_fault_that_no_call_waits_for_stays_armed(functions: Functions) -> None:
    functions.create("quick", "def handler(event, context):\n    return event\n")
    arm(functions, "quick", "killed", after_ms=800)
    assert functions.invoke("quick", 5).payload == 5
    functions.client.delete_function(FunctionName="quick")
    request = urllib.request.Request(f"{functions.localstack.endpoint}/_mtd/faults", method="DELETE")
    with urllib.request.urlopen(request, timeout=10) as response:
        assert {"function": "quick", "kind": "killed", "after_ms": 800.0} in json.load(response)["armed"]


def test_a_fault_that_is_none_is_refused(functions: Functions) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        arm(functions, "any", "drowned")
