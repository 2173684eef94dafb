"""A drawn process, over the API alone: several tokens, timers, people's tasks, a sub-process and a message."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.processes.drawn import APPROVAL, active, do, start, tasks
from tests.integration.system import System, until

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


@pytest.fixture(scope="module")
def process(system: System) -> str:
    """The name of a process of this run, active."""
    return active(system, _PROCESS, {"messages": {"Paid": "paid"}})


def test_an_order_goes_through_all_of_it(system: System, number: str, process: str) -> None:
    assert start(system, number, process)[0] == 200
    [task] = tasks(system, number, "Approve")
    assert (task["group"], task["schema"], task["assignee"]) == ("sales", APPROVAL, None)

    assert do(system, task, "complete", values={"approved": "perhaps"})[0] == 400
    assert do(system, task, "claim")[0] == 200
    assert do(system, task, "claim", "berta") == (
        409,
        {"code": "task_changed", "message": "the task 'Approve' has changed: it is open, version 2: look at it again"},
    )
    [task] = tasks(system, number, "Approve")
    assert do(system, task, "complete", "berta", values={"approved": True})[1]["code"] == "task_taken"
    assert do(system, task, "complete", values={"approved": True}, comment="a good customer")[0] == 200
    assert do(system, task, "complete", values={"approved": True})[0] == 409

    # The boundary timer fires while they pack, and takes nothing away.
    hurry, pick = sorted(tasks(system, number, "Pick", "Hurry them"), key=lambda each: each["name"])
    assert do(system, pick, "complete")[0] == 200
    assert do(system, hurry, "complete")[0] == 200
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


def test_a_task_is_its_groups_and_its_comments_are_the_orders_history(
    system: System, number: str, process: str
) -> None:
    assert start(system, number, process)[0] == 200
    [task] = tasks(system, number, "Approve")

    for action in ("claim", "complete"):
        status, answer = do(system, task, action, "eva", groups=["warehouse"], values={"approved": True})
        assert (status, answer["code"]) == (403, "not_in_group")
    for remark in ("asked the customer", "he agrees"):
        assert do(system, task, "comment", "eva", comment=remark, groups=[])[0] == 200
        [task] = tasks(system, number, "Approve")
    assert do(system, task, "assign", "boss", assignee="eva")[0] == 200
    [task] = tasks(system, number, "Approve")
    assert do(system, task, "complete", "eva", groups=[], values={"approved": True}, comment="done")[0] == 200

    history = [event["what"] for event in system.order(number)["events"]]
    said = [what for what in history if "comment " in what]
    for remark in ("asked the customer", "he agrees", "done"):
        assert any(remark in what for what in said), history
    assert any(what.startswith("task assigned") and "assignee eva" in what for what in history)


def test_of_many_people_at_once_one_completes_a_task(system: System, number: str, process: str) -> None:
    assert start(system, number, process)[0] == 200
    [task] = tasks(system, number, "Approve")

    def complete(person: str) -> int:
        return do(system, task, "complete", person, values={"approved": True})[0]

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(complete, "abcdef"))

    assert sorted(statuses) == [200, *[409] * 5]
    tasks(system, number, "Pick", "Hurry them")


def test_a_branch_that_fails_for_good_ends_the_order_and_cancels_itstasks(
    system: System, number: str, process: str
) -> None:
    system.fault("eom", number, refusal_rate=1, refusal_code="blocked", refusal_message="not today")
    assert start(system, number, process)[0] == 200

    order = system.ended(number, "exception")

    assert order["reason"] == "allocation: not today (blocked)"
    [task] = system.get(f"/tasks?number={number}&status=cancelled")["tasks"]
    assert task["name"] == "Approve"
    assert do(system, task, "complete", values={"approved": True})[0] == 409


def test_timers_whose_messages_were_lost_are_found_again(system: System, number: str, process: str) -> None:
    assert start(system, number, process)[0] == 200
    [task] = tasks(system, number, "Approve")
    assert do(system, task, "complete", values={"approved": True})[0] == 200
    pick = next(each for each in tasks(system, number, "Pick", "Hurry them") if each["name"] == "Pick")
    assert do(system, pick, "complete")[0] == 200
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
    assert start(system, number, process, 9)[1]["code"] == "no_process"
    assert start(system, f"{number}-b", "nothing")[0] == 400
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


def test_instances_collect_their_results_and_an_event_sub_process_takes_over(system: System, number: str) -> None:
    assert start(system, number, active(system, _INSTANCES))[0] == 200
    checks = tasks(system, number, "Check", "Check")
    rows = system.sql(
        "select element from tokens join orders using (order_id) where number = %s and waits = 'person' order by item",
        number,
    )
    assert [row["element"]["sku"] for row in rows] == ["SKU-1", "SKU-2"]
    told = sorted((task["item"], task["element_name"], task["element"]["sku"]) for task in checks)
    assert told == [(0, "line", "SKU-1"), (1, "line", "SKU-2")]

    # The second line is checked first; its answer stays its own until all lines are checked.
    first, second = sorted(checks, key=lambda task: int(task["item"]))
    assert do(system, second, "complete", values={"approved": True})[0] == 200
    done = system.sql(
        "select own_values from tokens join orders using (order_id) where number = %s and waits = 'done'", number
    )
    assert [row["own_values"] for row in done] == [{"approved": True}]
    assert system.sql("select data from orders where number = %s", number) == [{"data": {}}]
    assert system.order(number)["state"] == "check"
    assert do(system, first, "complete", values={"approved": False})[0] == 200
    assert system.sql("select data from orders where number = %s", number) == [{"data": {"approved": [False, True]}}]

    [ship] = tasks(system, number, "Ship")
    assert system.call("POST", f"/orders/{number}/messages", {"message": "stop"})[0] == 200
    [clean] = tasks(system, number, "Clean")
    assert do(system, ship, "complete")[0] == 409
    assert do(system, clean, "complete")[0] == 200

    system.ended(number, "cleaned")
    assert system.sql("select 1 from tokens join orders using (order_id) where number = %s", number) == []


def test_a_signal_of_one_order_moves_another_on(system: System, number: str) -> None:
    signal = f"stock-{uuid.uuid4().hex[:8]}"
    waiting = active(system, f"start: S\ncatch: Wait | signal={signal}\nend: Went on\nS > Wait > Went on")
    throwing = active(
        system,
        f"start: S\nuser: Count | group=g\nthrow: Stock came | signal={signal}\nend: Told\n"
        "S > Count > Stock came > Told",
    )
    assert start(system, number, waiting)[0] == 200
    until(lambda: system.order(number)["state"], lambda state: state == "wait")
    assert start(system, f"{number}-b", throwing)[0] == 200
    [count] = tasks(system, f"{number}-b", "Count")
    assert system.order(number)["state"] == "wait"

    assert do(system, count, "complete")[0] == 200

    system.ended(f"{number}-b", "told")
    assert system.ended(number, "went_on")["events"][-1]["what"] == "signal received"
