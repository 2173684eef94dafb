"""A drawn process, over the API alone: several tokens, timers, people's tasks, a sub-process and a message."""

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.system import System, until
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.orders import OrderFile

type Json = dict[str, Any]

_PROCESS = """
    start: Order came
    service: Validation
    and: Split
    service: Allocation
    user: Approve | group=sales, form=approval
    and: Join
    sub: Pack {
        start: Begin to pack
        user: Pick | group=warehouse
        end: Packed
        Begin to pack > Pick > Packed
    }
    boundary: Packing takes long | on=Pack, time=PT1S, interrupting=no
    manual: Hurry them | group=sales
    end: Hurried
    catch: Wait for the truck | time=PT1S
    catch: Paid | message=paid
    service: Dispatch
    end: Completed
    Order came > Validation > Split > Allocation > Join > Pack > Paid > Wait for the truck > Dispatch > Completed
    Split > Approve > Join
    Packing takes long > Hurry them > Hurried
"""
_FORM = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}},
    "required": ["approved"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def process(system: System) -> str:
    """The name of a process of this run, active."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    content = base64.b64encode(bpmn(draw(_PROCESS, "Test"))).decode()
    file = {"name": f"{name}.bpmn", "content": content, "sheet": {"messages": {"Paid": "paid"}}}
    status, answer = system.call("POST", "/processes", {"files": [file], "forms": {"approval": _FORM}})
    assert status == 200, answer
    [report] = answer["reports"]
    assert (report["verdict"], report["version"]) == ("ready", 1), report
    again = system.call("POST", "/processes", {"files": [file], "forms": {"approval": _FORM}})[1]
    assert again["reports"][0]["version"] == 1
    assert system.call("POST", f"/processes/{name}/versions/1/activate")[0] == 200
    return name


def _start(system: System, number: str, process: str, version: int | None = None) -> tuple[int, Json]:
    model = f"{number}-model"
    system.put(OrderFile(number=model).xml(), f"{model}.xml")
    until(lambda: system.order(model), bool)
    [row] = system.sql("select document from orders where number = %s", model)
    order = row["document"] | {"number": number}
    return system.call("POST", "/orders", {"orders": [{"order": order, "process": process, "version": version}]})


def _tasks(system: System, number: str, *names: str) -> list[Json]:
    """The order's open tasks once they are those."""

    def ask() -> list[Json]:
        return list(system.get(f"/tasks?number={number}")["tasks"])

    return until(ask, lambda tasks: sorted(task["name"] for task in tasks) == sorted(names))


def _do(system: System, task: Json, action: str, person: str = "ana", **more: object) -> tuple[int, Json]:
    return system.call(
        "POST", f"/tasks/{task['task_id']}/{action}", {"version": task["version"], "person": person, **more}
    )


def test_an_order_goes_through_all_of_it(system: System, number: str, process: str) -> None:
    assert _start(system, number, process)[0] == 200
    [task] = _tasks(system, number, "Approve")
    assert (task["group"], task["schema"], task["assignee"]) == ("sales", _FORM, None)

    assert _do(system, task, "complete", values={"approved": "perhaps"})[0] == 400
    assert _do(system, task, "claim")[0] == 200
    assert _do(system, task, "claim", "berta") == (
        409,
        {"code": "task_changed", "message": "the task 'Approve' has changed: it is open, version 2: look at it again"},
    )
    [task] = _tasks(system, number, "Approve")
    assert _do(system, task, "complete", "berta", values={"approved": True})[1]["code"] == "task_taken"
    assert _do(system, task, "complete", values={"approved": True}, comment="a good customer")[0] == 200
    assert _do(system, task, "complete", values={"approved": True})[0] == 409

    # The boundary timer fires while they pack, and takes nothing away.
    hurry, pick = sorted(_tasks(system, number, "Pick", "Hurry them"), key=lambda each: each["name"])
    assert _do(system, pick, "complete")[0] == 200
    assert _do(system, hurry, "complete")[0] == 200
    until(lambda: system.order(number)["state"], lambda state: state == "paid")
    assert system.call("POST", f"/orders/{number}/messages", {"message": "refunded"})[0] == 404
    assert system.call("POST", f"/orders/{number}/messages", {"message": "paid", "values": {"receipt": 7}})[0] == 200

    order = system.ended(number, "completed")

    reached = [event["to"] for event in order["events"] if event["to"]]
    assert reached[0] == "validation"
    assert reached[-2:] == ["dispatch", "completed"]
    assert {"wait_for_the_truck", "paid"} < set(reached)
    assert len(system.done("eom", "allocate", number)) == 1
    [row] = system.sql("select data from orders where number = %s", number)
    assert row["data"] == {"approved": True, "receipt": 7}
    assert system.sql("select 1 from tokens join orders using (order_id) where number = %s", number) == []


def test_of_many_people_at_once_one_completes_a_task(system: System, number: str, process: str) -> None:
    assert _start(system, number, process)[0] == 200
    [task] = _tasks(system, number, "Approve")

    def complete(person: str) -> int:
        return _do(system, task, "complete", person, values={"approved": True})[0]

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(complete, "abcdef"))

    assert sorted(statuses) == [200, *[409] * 5]
    _tasks(system, number, "Pick", "Hurry them")


def test_a_branch_that_fails_for_good_ends_the_order_and_cancels_its_tasks(
    system: System, number: str, process: str
) -> None:
    system.fault("eom", number, refusal_rate=1, refusal_code="blocked", refusal_message="not today")
    assert _start(system, number, process)[0] == 200

    order = system.ended(number, "exception")

    assert order["reason"] == "allocation: not today (blocked)"
    [task] = system.get(f"/tasks?number={number}&status=cancelled")["tasks"]
    assert task["name"] == "Approve"
    assert _do(system, task, "complete", values={"approved": True})[0] == 409


def test_timers_whose_messages_were_lost_are_found_again(system: System, number: str, process: str) -> None:
    assert _start(system, number, process)[0] == 200
    [task] = _tasks(system, number, "Approve")
    assert _do(system, task, "complete", values={"approved": True})[0] == 200
    pick = next(each for each in _tasks(system, number, "Pick", "Hurry them") if each["name"] == "Pick")
    assert _do(system, pick, "complete")[0] == 200
    until(lambda: system.order(number)["state"], lambda state: "paid" in state)
    system.sql(
        "update tokens set version = version + 1, waits = 'time', node = 'wait_for_the_truck', due_at = now() "
        "where node = 'paid' and order_id = (select order_id from orders where number = %s)",
        number,
    )

    handed_over = [system.invoke("watch_deadlines", {}) for _ in range(2)]

    assert handed_over[0]["timers"] >= 1
    until(lambda: system.order(number)["state"], lambda state: state == "hurry_them")
    assert len(system.done("eom", "ship", number)) == 1


def test_an_order_starts_on_no_version_that_is_retired_or_unknown(system: System, number: str, process: str) -> None:
    assert _start(system, number, process, 9)[1]["code"] == "no_process"
    assert _start(system, f"{number}-b", "nothing")[0] == 400
    assert system.call("POST", f"/processes/{process}/versions/9/retire")[0] == 404
    listed = system.get(f"/processes?process={process}")["versions"]
    assert [(each["version"], each["active"]) for each in listed] == [(1, True)]


_INSTANCES = """
    start: Order came
    user: Check | group=sales, form=approval, many=parallel, each=order.lines, as=line
    user: Ship | group=warehouse
    end: Shipped
    handler: Stop {
        start: Stopped | message=stop
        user: Clean | group=warehouse
        end: Cleaned
        Stopped > Clean > Cleaned
    }
    Order came > Check > Ship > Shipped
"""


def _active(system: System, drawing: str) -> str:
    """The name of an active process of that drawing."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    content = base64.b64encode(bpmn(draw(drawing, "Test"))).decode()
    file = {"name": f"{name}.bpmn", "content": content, "sheet": {}}
    status, answer = system.call("POST", "/processes", {"files": [file], "forms": {"approval": _FORM}})
    assert status == 200, answer
    [report] = answer["reports"]
    assert (report["verdict"], report["version"]) == ("ready", 1), report
    assert system.call("POST", f"/processes/{name}/versions/1/activate")[0] == 200
    return name


def test_instances_collect_their_results_and_an_event_sub_process_takes_over(system: System, number: str) -> None:
    assert _start(system, number, _active(system, _INSTANCES))[0] == 200
    checks = _tasks(system, number, "Check", "Check")
    rows = system.sql(
        "select element from tokens join orders using (order_id) where number = %s and waits = 'person' order by item",
        number,
    )
    assert [row["element"]["sku"] for row in rows] == ["SKU-1", "SKU-2"]

    # The second line is checked first; its answer stays its own until all lines are checked.
    first, second = sorted(checks, key=lambda task: int(task["task_id"]))
    assert _do(system, second, "complete", values={"approved": True})[0] == 200
    done = system.sql(
        "select own_values from tokens join orders using (order_id) where number = %s and waits = 'done'", number
    )
    assert [row["own_values"] for row in done] == [{"approved": True}]
    assert system.sql("select data from orders where number = %s", number) == [{"data": {}}]
    assert system.order(number)["state"] == "check"
    assert _do(system, first, "complete", values={"approved": False})[0] == 200
    assert system.sql("select data from orders where number = %s", number) == [{"data": {"approved": [False, True]}}]

    [ship] = _tasks(system, number, "Ship")
    assert system.call("POST", f"/orders/{number}/messages", {"message": "stop"})[0] == 200
    [clean] = _tasks(system, number, "Clean")
    assert _do(system, ship, "complete")[0] == 409
    assert _do(system, clean, "complete")[0] == 200

    system.ended(number, "cleaned")
    assert system.sql("select 1 from tokens join orders using (order_id) where number = %s", number) == []


def test_a_signal_of_one_order_moves_another_on(system: System, number: str) -> None:
    signal = f"stock-{uuid.uuid4().hex[:8]}"
    waiting = _active(system, f"start: S\ncatch: Wait | signal={signal}\nend: Went on\nS > Wait > Went on")
    throwing = _active(
        system,
        f"start: S\nuser: Count | group=g\nthrow: Stock came | signal={signal}\nend: Told\n"
        "S > Count > Stock came > Told",
    )
    assert _start(system, number, waiting)[0] == 200
    until(lambda: system.order(number)["state"], lambda state: state == "wait")
    assert _start(system, f"{number}-b", throwing)[0] == 200
    [count] = _tasks(system, f"{number}-b", "Count")
    assert system.order(number)["state"] == "wait"

    assert _do(system, count, "complete")[0] == 200

    system.ended(f"{number}-b", "told")
    assert system.ended(number, "went_on")["events"][-1]["what"] == "signal received"
