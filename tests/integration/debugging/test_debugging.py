"""`mtd debug` and `mtd replay` as a person with an IDE uses them. One group: there is one port for debuggers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devenv.instance import PROJECT
from tests.integration.debugging.dap import Ide
from tests.integration.system import System, until
from tests.support.orders import OrderFile

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("debugger")]
# A function that no other test of the flow needs meanwhile.
FUNCTION = "migrate_database"
HANDLER = PROJECT / "src" / "lambdas" / FUNCTION / "handler.py"


@contextmanager
def mtd(system: System, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command, ended as Ctrl+C ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "devenv", *words],
        cwd=PROJECT,
        env=os.environ | {"MTD_INSTANCE": system.state["instance"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(30)


def line_of(path: Path, text: str) -> int:
    return next(i for i, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line)


def test_a_breakpoint_holds_a_real_call(system: System, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"processes": {}}')
    with mtd(system, "debug", FUNCTION, "--event", str(event)) as command:
        assert command.stdout is not None
        assert f"{FUNCTION} listens on 127.0.0.1:" in command.stdout.readline()
        with Ide(system.state["ports"]["debugger"]) as ide:
            found = ide.stop_at(HANDLER, line_of(HANDLER, "users = event.get"))
            frame = ide.stopped()
            shown = ide.evaluate("event['processes']", frame)
            ide.go_on(frame)
            ide.leave()
        output, _ = command.communicate(timeout=30)

    assert found["verified"]
    assert (frame["name"], Path(frame["source"]["path"])) == ("handler", HANDLER)
    assert shown == "{}"
    [answer] = [line for line in output.splitlines() if line.startswith("{")]
    assert json.loads(answer)["applied"] == []
    assert command.returncode == 0
    # Without the command the function is what it was.
    until(system.environments, lambda all: not any(each["debugged"] for each in all))
    assert system.invoke(FUNCTION, {"processes": {}})["applied"] == []


def test_an_unknown_function_is_named(system: System) -> None:
    with mtd(system, "debug", "issue_dt") as command:
        output, _ = command.communicate(timeout=30)

    assert command.returncode == 2
    assert "No function is named 'issue_dt'" in output
    assert "issue_dte" in output


def test_a_waiting_order_is_replayed_and_still_waits(system: System, number: str) -> None:
    from mtd.domain.orders import order as orders
    from mtd.domain.orders import ubl

    document = orders.to_json(ubl.parse_order(OrderFile(number=number).xml().encode()))
    key = f"large/{number}.json"
    body = {"source": "test", "number": number, "seller": "S", "reference": {"bucket": system.bucket, "key": key}}
    queue = system.aws("sqs")
    url = system.state["outputs"]["WaitingQueueUrl"]
    queue.send_message(QueueUrl=url, MessageBody=json.dumps(body))

    with mtd(system, "replay", number) as command:
        failed, _ = command.communicate(timeout=60)
    assert (command.returncode, "The order failed again." in failed) == (1, True), failed

    system.aws("s3").put_object(Bucket=system.bucket, Key=key, Body=json.dumps(document).encode())
    with mtd(system, "replay", number) as command:
        output, _ = command.communicate(timeout=60)
    assert (command.returncode, "The order is registered here." in output) == (0, True), output
    system.ended(number, "completed")
    until(lambda: [entry["number"] for entry in system.get("/waiting")["waiting"]], lambda all: number in all)

    assert system.call("POST", "/waiting", {"numbers": [number]}) == (200, {"pushed": [number]})
    with mtd(system, "replay", number) as command:
        gone, _ = command.communicate(timeout=60)
    assert (command.returncode, f"No order {number} waits in local." in gone) == (1, True), gone
