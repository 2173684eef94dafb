"""Orders in flight go to another version of their process, over the API, and back."""

import base64
import uuid
from typing import Any

import pytest

from mtd.domain.orders import ubl
from mtd.domain.orders.order import to_json
from tests.integration.system import Json, System, until
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.orders import OrderFile

_PERSON = {"person": "ana", "reason": "the new version"}
_FIRST = """
    start: Order came
    and: Split
    user: Approve | group=sales
    catch: Wait for the truck | time=%s
    and: Join
    end: Completed
    Order came > Split > Approve > Join > Completed
    Split > Wait for the truck > Join
"""
_SECOND = _FIRST.replace("Approve", "Review").replace("group=sales", "group=finance")


@pytest.fixture(scope="module")
def process(system: System) -> str:
    """The name of a process of this run with two versions."""
    name = f"moving-{uuid.uuid4().hex[:8]}"
    for version, text in enumerate((_FIRST % "PT2H", _SECOND % "PT1S"), 1):
        content = base64.b64encode(bpmn(draw(text, "Moving"))).decode()
        [report] = system.call("POST", "/processes", {"files": [{"name": f"{name}.bpmn", "content": content}]})[1][
            "reports"
        ]
        assert (report["verdict"], report["version"]) == ("ready", version), report
    return name


def migrate(system: System, process: str, mode: str, **more: Any) -> tuple[int, Json]:
    status, answer = system.call("POST", f"/processes/{process}/migrations", {"mode": mode, **_PERSON, **more})
    if status != 200:
        return status, answer
    path = f"/operations/{answer['operation_id']}"
    return 200, until(lambda: system.get(path), lambda found: found["status"] != "running")


def results(operation: Json) -> dict[str, str]:
    return {item["number"]: item["code"] or item["status"] for item in operation["items"]}


def tasks(system: System, number: str) -> list[tuple[str, str, str | None]]:
    return [(t["name"], t["group"], t["assignee"]) for t in system.get(f"/tasks?number={number}")["tasks"]]


def test_orders_are_rehearsed_moved_taken_back_and_moved_again(system: System, number: str, process: str) -> None:
    numbers = [f"{number}-{i}" for i in range(3)]
    document = to_json(ubl.parse_order(OrderFile(number=number).xml().encode()))
    orders = [{"order": document | {"number": each}, "process": process, "version": 1} for each in numbers]
    assert system.call("POST", "/orders", {"orders": orders})[0] == 200
    [task] = system.get(f"/tasks?number={numbers[0]}")["tasks"]
    claim = {"version": task["version"], "person": "ana", "groups": ["sales"]}
    assert system.call("POST", f"/tasks/{task['task_id']}/claim", claim)[0] == 200
    span: Json = {"from": 1, "to": 2}

    assert migrate(system, process, "run", **span, map={"approve": "nothing"})[0] == 400
    assert migrate(system, process, "run", **{"from": 1, "to": 9})[0] == 404
    unmapped = migrate(system, process, "rehearse", **span)[1]
    assert set(results(unmapped).values()) == {"node_unmapped"}

    rehearsal = migrate(system, process, "rehearse", **span, map={"approve": "review"})[1]
    assert results(rehearsal) == dict.fromkeys(numbers, "done")
    assert tasks(system, numbers[0]) == [("Approve", "sales", "ana")]

    moved = migrate(system, process, "run", **span, map={"approve": "review"})[1]
    assert results(moved) == results(rehearsal)
    assert tasks(system, numbers[0]) == [("Review", "finance", None)]
    # The new version's timer counts from when the order came there, and is over.
    until(lambda: system.order(numbers[1])["state"], lambda state: "wait_for_the_truck" not in state)

    back = migrate(system, process, "reverse", operation_id=moved["operation_id"])[1]
    assert set(results(back).values()) == {"moved_on"}
    assert migrate(system, process, "reverse", operation_id=rehearsal["operation_id"])[0] == 409

    for each in numbers:
        [task] = system.get(f"/tasks?number={each}")["tasks"]
        done = {"version": task["version"], "person": "berta", "groups": [task["group"]]}
        assert system.call("POST", f"/tasks/{task['task_id']}/complete", done)[0] == 200
        assert any(event["what"].startswith("migrate") for event in system.ended(each, "completed")["events"])


def test_an_order_that_stands_where_it_was_put_goes_back(system: System, number: str, process: str) -> None:
    """From the second version to the first, whose timer is hours away, and back to where it was."""
    document = to_json(ubl.parse_order(OrderFile(number=number).xml().encode()))
    slow = base64.b64encode(bpmn(draw(_SECOND % "PT3H", "Moving"))).decode()
    files = {"files": [{"name": f"{process}.bpmn", "content": slow}]}
    third = system.call("POST", "/processes", files)[1]["reports"][0]["version"]
    order = {"order": document | {"number": number}, "process": process, "version": third}
    assert system.call("POST", "/orders", {"orders": [order]})[0] == 200
    query = (
        "select t.node, t.due_at, o.process_version_id from tokens t join orders o using (order_id) "
        "where o.number = %s and t.waits = 'time'"
    )
    before = system.sql(query, number)

    moved = migrate(system, process, "run", **{"from": third, "to": 1}, map={"review": "approve"})[1]
    assert results(moved) == {number: "done"}
    between = system.sql(query, number)
    assert (before[0]["due_at"] - between[0]["due_at"]).total_seconds() == pytest.approx(3600, abs=1)
    assert tasks(system, number) == [("Approve", "sales", None)]

    back = migrate(system, process, "reverse", operation_id=moved["operation_id"])[1]
    assert results(back) == {number: "done"}
    [after] = system.sql(query, number)
    assert after["process_version_id"] == before[0]["process_version_id"]
    assert (after["due_at"] - before[0]["due_at"]).total_seconds() == pytest.approx(0, abs=1)
    assert tasks(system, number) == [("Review", "finance", None)]
