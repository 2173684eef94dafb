"""A version walked through with a sample order, without a system."""

from typing import Any

import pytest
from tests.support.cases import plan_of
from tests.support.orders import OrderFile

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.orders import ubl
from mtd.domain.orders.order import to_json
from mtd.engine.model.plan import Plan
from mtd.entrypoints.requests.simulations import read_simulation
from mtd.usecases.processes.simulate_process import MOST_STEPS, simulate_process

ORDER = ubl.parse_order(OrderFile(number="O-1").xml().encode())
BRANCHES = """
    start: S
    service: A
    xor: Large?
    user: Approve | group=sales
    end: Done
    end: Small
    S > A > Large?
    Large? >[order.payable > 10] Approve
    Large? >[*] Small
    Approve > Done
"""


def walk(plan: Plan, *fails: str, **values: Any) -> dict[str, Any]:
    return simulate_process(plan, ORDER, fails, values)


def ways(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["what"], step["node"]) for step in result["steps"]]


def test_a_simulation_lists_every_step_to_the_orders_end() -> None:
    result = walk(plan_of(BRANCHES))
    assert ways(result) == [("begins", "s"), ("done", "a"), ("completed", "approve")]
    assert (result["outcome"], result["stands"], result["problem"]) == ("done", [], None)
    assert [place["name"] for place in result["steps"][1]["visited"]] == ["Large?", "Approve"]


def test_timers_are_due_and_messages_come() -> None:
    result = walk(plan_of("start: S\ncatch: T | time=PT2H\ncatch: M | message=paid\nend: E\nS > T > M > E"))
    assert ways(result) == [("begins", "s"), ("due", "t"), ("received", "m")]
    assert result["outcome"] == "e"


def test_a_task_that_fails_takes_its_error_way() -> None:
    text = "start: S\nservice: A\nboundary: Err | on=A, error\nend: E\nend: Failed\nS > A > E\nErr > Failed"
    assert walk(plan_of(text))["outcome"] == "e"
    assert walk(plan_of(text), "a")["outcome"] == "failed"


def test_a_simulation_that_cannot_go_on_names_the_problem_and_the_place() -> None:
    result = walk(plan_of("start: S\nservice: A\nend: E\nS > A > E"), "a")
    assert (result["outcome"], result["stands"]) == (None, ["a"])
    assert result["problem"]["code"] == "no_error_way"


def test_values_that_forms_leave_are_seen_by_rules() -> None:
    text = "start: S\nuser: U | group=g\nxor: X\nend: Yes\nend: No\nS > U > X >[data.approved == true] Yes\nX >[*] No"
    assert walk(plan_of(text), approved=True)["outcome"] == "yes"
    assert walk(plan_of(text), approved=False)["outcome"] == "no"


def test_a_way_that_never_ends_is_stopped() -> None:
    text = "start: S\nservice: A\nxor: X\nend: E\nS > A > X >[order.payable > 0] A\nX >[*] E"
    result = walk(plan_of(text))
    assert result["problem"]["code"] == "endless"
    assert result["problem"]["phrase"] == {"code": "not_ended", "values": {"steps": MOST_STEPS}}
    assert len(result["steps"]) == MOST_STEPS + 1


def test_two_branches_meet_again() -> None:
    result = walk(plan_of("start: S\nand: X\nservice: A\nservice: B\nand: Y\nend: E\nS > X > A > Y > E\nX > B > Y"))
    assert (result["outcome"], result["problem"]) == ("e", None)


@pytest.mark.parametrize(
    "body", [{"fails": "a"}, {"fails": ["nowhere"]}, {"fails": [1]}, {"values": []}, {"number": 7}]
)
def test_a_malformed_simulation_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        read_simulation(body, plan_of(BRANCHES), lambda *_: [{"document": to_json(ORDER)}])


def test_a_sample_must_be_an_order_that_can_run() -> None:
    plan = plan_of(BRANCHES)
    with pytest.raises(NotFound):
        read_simulation({"number": "O-9"}, plan, lambda *_: [])
    with pytest.raises(InvalidRequest):
        read_simulation({}, plan, lambda *_: [{"document": {"number": "O-9"}}])
    asked = read_simulation({"fails": ["a"]}, plan, lambda *_: [{"document": to_json(ORDER)}])
    assert (asked.order, asked.fails, asked.values) == (ORDER, frozenset({"a"}), {})
