"""Workers of a system that nobody can reach: they ask for tasks, and one takes over from another that was killed."""

import base64
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devenv.diagrams import process_demo
from tests.integration.system import System, until
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw

type Json = dict[str, Any]

pytestmark = pytest.mark.xdist_group("systems")

_WORKER = Path(__file__).resolve().parents[3] / "src" / "worker"
_PROCESS = """
    start: Came
    service: Pick
    boundary: Pick failed | on=Pick, trigger=error
    end: Completed
    end: Refused
    Came > Pick > Completed
    Pick failed > Refused
"""
# Each pick is one row of the ledger, by its key. With `hang` the program does the work and never says so.
_PROGRAM = """
import json, sys, time, urllib.request
from mtd_worker import Credentials, Task, Worker
url, system, stub, name, hang = sys.argv[1:]
worker = Worker(url, "us-west-2", system=system, name=name, wait_seconds=2, lease_seconds=3,
                credentials=Credentials(access_key="000000000000", secret_key="test"))
@worker.operation("pick")
def pick(task: Task):
    body = json.dumps({"order": task.order}).encode()
    done = urllib.request.Request(stub + "/pick", body, {"Idempotency-Key": task.key})
    urllib.request.urlopen(done, timeout=10).read()
    if hang == "hang":
        print("picked", flush=True)
        time.sleep(60)
    return {"picked": 2}
worker.run()
"""


class Warehouse:
    """A system with workers, a process with its task, and the workers' processes."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.name = f"pick-{uuid.uuid4().hex[:8]}"
        system.declare(self.name, {"lease": 60, "operations": {"pick": {}}}, {"pick": [{"answer": {"picked": 2}}]})
        sheet = {
            "server": f"system:{self.name}/pick",
            "send": {"id": "order.number"},
            "result": {"picked": "answer.picked"},
            "errors": {"answer.picked == 0": "nothing_there"},
        }
        content = base64.b64encode(bpmn(draw(_PROCESS, "Test"))).decode()
        file = {"name": f"{self.name}.bpmn", "content": content, "sheet": {"tasks": {"Pick": sheet}}}
        [report] = system.call("POST", "/processes", {"files": [file]})[1]["reports"]
        assert report["verdict"] == "ready", report
        self.version = report["version"]
        self.workers: list[subprocess.Popen[str]] = []

    def start(self, number: str) -> None:
        """Start an order on the process."""
        entry = {"order": process_demo.order(number, large=False), "process": self.name, "version": self.version}
        status, answer = self.system.call("POST", "/orders", {"orders": [entry]})
        assert (status, answer["results"][0]["status"]) == (200, "registered"), answer

    def worker(self, name: str, hang: str = "no") -> subprocess.Popen[str]:
        """A worker in a process of its own."""
        words = (self.system.api, self.name, self.system.stub(self.name), name, hang)
        worker = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *words],
            env=os.environ | {"PYTHONPATH": str(_WORKER)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.workers.append(worker)
        return worker

    def ask(self, action: str, **body: Any) -> tuple[int, Json]:
        """A worker's request."""
        return self.system.call("POST", f"/work/{self.name}/{action}", {"worker": "test", **body})

    def leased(self, **body: Any) -> Json:
        """The one task that there is."""
        status, answer = self.ask("lease", wait=15, **body)
        assert status == 200, answer
        [task] = answer["tasks"]
        return dict(task)


@pytest.fixture
def warehouse(system: System) -> Iterator[Warehouse]:
    made = Warehouse(system)
    yield made
    for worker in made.workers:
        worker.kill()
        worker.wait()


def test_a_worker_that_is_killed_in_the_middle_is_followed_by_another(warehouse: Warehouse, number: str) -> None:
    doomed = warehouse.worker("doomed", hang="hang")
    warehouse.start(number)
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == "picked\n"

    os.kill(doomed.pid, signal.SIGKILL)
    warehouse.worker("heir")

    order = warehouse.system.ended(number, "completed")
    assert len(warehouse.system.done(warehouse.name, "pick", number)) == 1
    told = [event["what"] for event in order["events"] if event["source"] == warehouse.name]
    assert told == ["pick by heir"]


def test_a_worker_ends_after_sigterm_once_its_task_is_reported(warehouse: Warehouse, number: str) -> None:
    worker = warehouse.worker("w")
    warehouse.start(number)
    warehouse.system.ended(number, "completed")

    worker.terminate()

    assert worker.wait(15) == 0


def test_tasks_are_leased_and_reported(warehouse: Warehouse, number: str) -> None:
    warehouse.start(number)
    task = warehouse.leased()
    assert (task["operation"], task["order"], task["request"]) == ("pick", number, {"id": number})
    assert warehouse.ask("lease")[1]["tasks"] == []

    assert warehouse.ask("complete", lease=task["lease"], answer={"picked": 1})[1]["done"] == "done"

    order = warehouse.system.ended(number, "completed")
    assert any("picked 1" in event["what"] for event in order["events"])
    assert warehouse.ask("complete", lease=task["lease"], answer={"picked": 1})[0] == 409


def test_a_lease_that_has_run_out_is_another_workers(warehouse: Warehouse, number: str) -> None:
    warehouse.start(number)
    first = warehouse.leased(seconds=1)
    second = warehouse.leased()

    status, answer = warehouse.ask("complete", lease=first["lease"], answer={"picked": 1})

    assert (status, answer["code"]) == (409, "lease_lost")
    assert (first["key"], second["outcome_unknown"]) == (second["key"], True)
    assert warehouse.ask("complete", lease=second["lease"], answer={"picked": 2})[0] == 200
    warehouse.system.ended(number, "completed")


@pytest.mark.parametrize("action", ["error", "complete"])
def test_a_refusal_takes_the_error_way(warehouse: Warehouse, number: str, action: str) -> None:
    warehouse.start(number)
    lease = warehouse.leased()["lease"]
    body: Json = {"code": "broken", "message": "a pallet fell"} if action == "error" else {"answer": {"picked": 0}}

    assert warehouse.ask(action, lease=lease, **body)[1]["done"] == "failed"

    order = warehouse.system.ended(number, "refused")
    code = "broken" if action == "error" else "nothing_there"
    assert any(f"code {code}" in event["what"] for event in order["events"])


def test_what_may_work_later_comes_again(warehouse: Warehouse, number: str) -> None:
    warehouse.start(number)
    lease = warehouse.leased()["lease"]

    assert warehouse.ask("fail", lease=lease, message="the scanner is busy", retry_after=1)[1]["done"] == "retried"

    assert warehouse.ask("lease")[1]["tasks"] == []
    again = warehouse.leased()
    assert (again["tries"], again["outcome_unknown"]) == (2, True)
    warehouse.ask("complete", lease=again["lease"], answer={"picked": 1})
    warehouse.system.ended(number, "completed")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("take", {"lease": "1.1.1"}),
        ("complete", {"lease": "x"}),
        ("complete", {}),
        ("lease", {"most": 0}),
        ("lease", {"wait": 21}),
        ("lease", {"seconds": 0}),
        ("lease", {"worker": ""}),
    ],
)
def test_a_wrong_request_is_refused(warehouse: Warehouse, action: str, body: Json) -> None:
    assert warehouse.ask(action, **body)[0] == 400


def test_an_open_circuit_holds_the_tasks_back(warehouse: Warehouse, number: str) -> None:
    warehouse.start(number)
    change = {"person": "test", "reason": "stock-taking"}
    warehouse.system.call("POST", f"/circuits/{warehouse.name}", {"action": "open", **change})
    until(lambda: warehouse.system.order(number), bool)

    assert warehouse.ask("lease", wait=1)[1]["tasks"] == []

    warehouse.system.call("POST", f"/circuits/{warehouse.name}", {"action": "close", **change})
    assert warehouse.leased()["order"] == number
