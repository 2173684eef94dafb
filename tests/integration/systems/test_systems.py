"""A team connects its system: declared, named by a sheet, called for orders; nobody writes or deploys code."""

import base64
import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from devenv.diagrams import process_demo
from tests.integration.system import System, until
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw

type Json = dict[str, Any]

pytestmark = pytest.mark.xdist_group("systems")

_PROCESS = """
    start: Order came
    service: Check
    xor: Suspected?
    user: Review | group=fraud
    boundary: Check failed | on=Check, trigger=error
    end: Completed
    end: Refused
    Order came > Check > Suspected? >[NO] Completed
    Suspected? >[SI] Review > Check
    Check failed > Refused
"""
_DECLARED: Json = {
    "timeout": 1,
    "recover": "/operations/{key}",
    "operations": {"check": {"answer": {"type": "object", "properties": {"score": {"type": "number"}}}}},
}
_SCORES: Json = {
    "check": [
        {"request": {"sku": "BAD"}, "status": 409, "answer": {"code": "X9", "message": "seen before"}},
        {"request": {"sku": "DEAR"}, "answer": {"score": 90.5}},
        {"answer": {"score": 12}},
    ]
}


class World:
    """A system and a process of this run."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.name = f"check-{uuid.uuid4().hex[:8]}"
        system.declare(self.name, _DECLARED, _SCORES)
        self.version = self.imported()["version"]

    def imported(self, **entry: Any) -> Json:
        """The report of the process with that sheet's entry for the task."""
        sheet: Json = {
            "server": f"system:{self.name}/check",
            "send": {"id": "order.number", "sku": "order.lines[0].sku"},
            "result": {"score": "answer.score"},
            "errors": {"409": "suspected"},
            **entry,
        }
        content = base64.b64encode(bpmn(draw(_PROCESS, "Test"))).decode()
        sheets = {"tasks": {"Check": sheet}, "gateways": {"Suspected?": "data.score > 80"}}
        file = {"name": f"{self.name}.bpmn", "content": content, "sheet": sheets}
        status, answer = self.system.call("POST", "/processes", {"files": [file]})
        assert status == 200, answer
        report: Json = answer["reports"][0]
        return report

    def start(self, number: str, sku: str = "SKU-1") -> None:
        """Start an order on the process."""
        order = process_demo.order(number, large=False)
        order["lines"][0]["sku"] = sku
        entry = {"order": order, "process": self.name, "version": self.version}
        status, answer = self.system.call("POST", "/orders", {"orders": [entry]})
        assert (status, answer["results"][0]["status"]) == (200, "registered"), answer

    def calls(self, number: str) -> list[Json]:
        """The calls that the system has served for the order."""
        return self.system.done(self.name, "check", number)


@pytest.fixture(scope="module")
def world(system: System) -> World:
    return World(system)


@pytest.fixture
def healthy(world: World) -> Iterator[World]:
    """The system answers again after the test, and its circuit is closed."""
    yield world
    world.system.outage(world.name, on=False)
    close = {"action": "close", "person": "test", "reason": "the test is over"}
    world.system.call("POST", f"/circuits/{world.name}", close)


def test_an_order_goes_on_by_what_the_answer_gives(world: World, number: str) -> None:
    world.start(number)

    order = world.system.ended(number, "completed")

    [call] = world.calls(number)
    assert call["key"].endswith(":check:1")
    [done] = [event for event in order["events"] if event["what"].startswith("done: ")]
    assert "score 12" in done["what"]
    assert world.name in [event["source"] for event in order["events"]]


def test_a_second_visit_is_another_call_with_another_answer(system: System, number: str) -> None:
    world = World(system)
    world.start(number, "DEAR")
    tasks = until(lambda: _tasks(world.system, number), bool)
    world.system.declare(world.name, _DECLARED, {"check": [{"answer": {"score": 1}}]})

    body = {"version": tasks[0]["version"], "person": "p", "groups": ["fraud"], "values": {}}
    assert world.system.call("POST", f"/tasks/{tasks[0]['task_id']}/complete", body)[0] == 200
    world.system.ended(number, "completed")

    assert [(call["key"][-7:], call["result"]["score"]) for call in world.calls(number)] == [
        ("check:1", 90.5),
        ("check:2", 1),
    ]


def test_a_refusal_takes_the_error_way(world: World, number: str) -> None:
    world.start(number, "BAD")

    order = world.system.ended(number, "refused")

    [failed] = [event["what"] for event in order["events"] if event["what"].startswith("failed: ")]
    assert "code suspected" in failed
    assert "seen before" in failed
    assert world.calls(number) == []


def test_after_a_time_out_the_system_is_asked_what_it_has_done(world: World, number: str) -> None:
    world.system.fault(world.name, number, hang_after=True, hang_seconds=3, times=1)
    world.start(number)

    order = world.system.ended(number, "completed")

    assert len(world.calls(number)) == 1
    assert "check recovered" in [event["what"] for event in order["events"]]


def test_an_outage_parks_the_orders_and_its_end_drains_them(healthy: World, number: str) -> None:
    numbers = [f"{number}-{i}" for i in range(8)]
    healthy.system.outage(healthy.name, on=True)
    for each in numbers:
        healthy.start(each)
    until(lambda: _parked(healthy.system, healthy.name), lambda parked: parked == 8)

    healthy.system.outage(healthy.name, on=False)

    for each in numbers:
        healthy.system.ended(each, "completed")
        assert len(healthy.calls(each)) == 1


@pytest.mark.parametrize(("score", "end"), [(12, "completed"), (-1, "refused")])
def test_an_answer_may_come_later_as_a_message(system: System, number: str, score: int, end: str) -> None:
    slow = World(system)
    system.declare(slow.name, _DECLARED, {"check": [{"status": 202, "answer": {}}]})
    slow.version = slow.imported(later="checked", errors={"answer.score < 0": "suspected"})["version"]
    slow.start(number)
    until(
        lambda: system.order(number).get("events", []),
        lambda found: any(e["what"].startswith("accepted") for e in found),
    )

    status, answer = system.call(
        "POST", f"/orders/{number}/messages", {"message": "checked", "values": {"score": score}}
    )

    assert status == 200, answer
    system.ended(number, end)
    assert len(slow.calls(number)) == 1


def test_a_wait_for_an_answer_ends(system: System, number: str) -> None:
    slow = World(system)
    system.declare(slow.name, _DECLARED, {"check": [{"status": 202, "answer": {}}]})
    slow.version = slow.imported(later="checked", wait="PT2S")["version"]
    slow.start(number)

    order = system.ended(number, "refused")

    assert any("time has come" in event["what"] for event in order["events"])


def test_a_rate_holds_over_all_batches(system: System, number: str) -> None:
    slow = World(system)
    system.declare(slow.name, {**_DECLARED, "rate": 4}, _SCORES)
    numbers = [f"{number}-{i}" for i in range(12)]
    for each in numbers:
        slow.start(each)
    for each in numbers:
        system.ended(each, "completed")

    at = sorted(call["at"] for each in numbers for call in slow.calls(each))
    assert len(at) == 12
    seconds = (datetime.fromisoformat(at[-1]) - datetime.fromisoformat(at[0])).total_seconds()
    assert seconds > 11 / 4 * 0.8


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"server": "system:nobody/check"}, "no system 'nobody' is declared"),
        ({"result": {"score": "answer.scoer"}}, "scoer"),
    ],
)
def test_what_the_system_does_not_have_keeps_a_version_from_orders(world: World, entry: Json, told: str) -> None:
    report = world.imported(**entry)

    assert (report["verdict"], report["version"]) == ("unbound", None)
    assert told in report["reason"]


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest", "https://example.com", "http://127.0.0.1.example.com", "file:///etc/passwd"],
)
def test_a_system_may_not_be_anywhere(system: System, url: str) -> None:
    status, answer = system.call("PUT", "/systems/spy", {"declaration": {"url": url}, "person": "p"})

    assert status == 400
    assert answer["code"] in ("address_refused", "system_malformed")


def test_systems_are_listed_with_their_calls(world: World, number: str) -> None:
    world.start(number)
    world.system.ended(number, "completed")

    [row] = [row for row in world.system.get("/systems")["systems"] if row["system"] == world.name]

    assert (row["circuit"], row["declaration"]["recover"]) == ("closed", "/operations/{key}")
    assert row["calls"] >= 1
    assert row["mean_ms"] > 0


def test_a_system_is_tried_for_an_order(world: World, number: str) -> None:
    world.start(number, "DEAR")
    until(lambda: world.system.order(number), bool)
    asked = {"process": world.name, "version": world.version, "task": "check", "number": number}

    status, answer = world.system.call("POST", f"/systems/{world.name}/try", asked)

    assert status == 200, answer
    assert answer["request"]["body"] == {"id": number, "sku": "DEAR"}
    assert (answer["answer"], answer["values"]) == ({"status": 200, "content": {"score": 90.5}}, {"score": 90.5})


def test_credentials_come_from_the_secret_and_are_kept_nowhere(system: System, number: str) -> None:
    secured = World(system)
    name = f"mtd/local/systems/{secured.name}"
    secret = {"kind": "bearer", "token": f"S3CRET-{number}"}
    system.aws("secretsmanager").create_secret(Name=name, SecretString=json.dumps(secret))
    system.declare(secured.name, {**_DECLARED, "secret": secured.name}, _SCORES)

    secured.start(number)
    system.ended(number, "completed")

    listed = json.dumps(system.get("/systems"))
    assert (f"S3CRET-{number}" in listed, secured.name in listed) == (False, True)
    kept = system.sql("select count(*) as n from events where detail::text like %s", f"%S3CRET-{number}%")
    assert kept == [{"n": 0}]
    system.aws("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def _tasks(system: System, number: str) -> list[Json]:
    return [task for task in system.get("/tasks?limit=500")["tasks"] if task["number"] == number]


def _parked(system: System, name: str) -> int:
    [row] = [row for row in system.get("/systems")["systems"] if row["system"] == name]
    return int(row["parked"])
