"""Gateways, ends and tokens."""

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.cases import Run, plan_of, run
from tests.support.diagrams import draw

from mtd.domain.errors import ProcessError
from mtd.engine.compiler import importing
from mtd.engine.compiler.reports import Source
from mtd.engine.model.tokens import TaskCompleted, TimerFired
from mtd.engine.runtime.interpreter import begin

PARALLEL = """
    start: S
    and: F
    service: A
    service: B
    service: C
    and: J
    service: D
    end: E
    S > F > A > J > D > E
    F > B > J
    F > C > J
"""


def test_a_parallel_join_waits_for_every_branch() -> None:
    case = run(PARALLEL)
    assert case.places == ["a", "b", "c"]
    case.done("b", "a")
    assert case.places == ["c", "j", "j"]
    case.done("c")
    assert case.places == ["d"]
    assert case.done("d").outcome == "e"
    assert case.tokens == {}


def test_a_straight_way_keeps_its_token() -> None:
    case = run("start: S\nservice: A\nservice: B\nend: E\nS > A > B > E")
    token = case.at("a")

    assert case.done("a").at("b") == token


def test_a_second_token_on_one_flow_does_not_open_a_parallel_join() -> None:
    case = run(
        "start: S\nservice: A\nservice: B\nservice: C\nxor: X\nand: J\nend: E\nand: F\n"
        "S > F > A > X > J > E\nF > B > X\nF > C > J"
    )
    case.done("a", "b")
    assert case.places == ["c", "j", "j"]
    with pytest.raises(ProcessError, match="'J' waits for a token that cannot come"):
        case.done("c")


INCLUSIVE = """
    start: S
    or: F
    service: A
    service: B
    service: C
    or: J
    service: D
    end: E
    S > F >[one] A > J > D > E
    F >[two] B > J
    F >[*] C > J
"""


CHOICES = {"one": "data.one", "two": "data.two"}


@pytest.mark.parametrize(
    ("one", "two", "places"), [(True, True, ["a", "b"]), (True, False, ["a"]), (False, False, ["c"])]
)
def test_an_inclusive_gateway_takes_all_that_hold_else_the_default(one: bool, two: bool, places: list[str]) -> None:
    case = Run(plan_of(INCLUSIVE, flows=CHOICES), data={"one": one, "two": two}).start()

    assert case.places == places
    assert case.done(*places[:-1]).places == sorted([*(["j"] * (len(places) - 1)), places[-1]])
    assert case.done(places[-1]).places == ["d"]


def test_an_inclusive_join_does_not_wait_for_what_cannot_come() -> None:
    """B may go past the join: once it has, the join goes on, though nothing has arrived."""
    text = """
        start: S
        and: F
        service: A
        service: B
        xor: X
        or: J
        service: D
        end: E
        end: Past
        S > F > A > J > D > E
        F > B > X >[join] J
        X >[*] Past
    """
    case = Run(plan_of(text, flows={"join": "data.join"}), data={"join": False}).start()
    assert case.done("a").places == ["b", "j"]
    assert case.done("b").places == ["d"]
    case = Run(plan_of(text, flows={"join": "data.join"}), data={"join": True}).start()
    assert case.done("b").places == ["a", "j"]
    assert case.done("a").places == ["d"]
    assert case.done("d").outcome == "e"


def test_an_inclusive_join_in_a_loop_does_not_wait_for_itself() -> None:
    text = "start: S\nor: J\nservice: A\nxor: X\nend: E\nS > J > A > X >[again] J\nX >[*] E"
    case = Run(plan_of(text, flows={"again": "data.again"}), data={"again": True}).start()

    assert case.done("a").places == ["a"]
    case.data["again"] = False
    assert case.done("a").outcome == "e"


def test_rules_choose_in_the_order_drawn() -> None:
    text = "start: S\nxor: X\nend: Small\nend: Large\nend: Rest\nS > X >[a] Small\nX >[b] Large\nX >[*] Rest"
    flows = {"a": "order.payable < 10", "b": "order.payable < 100"}

    ends = [run(text, {"order": {"payable": amount}}, flows=flows).outcome for amount in (5, 50, 500)]
    assert ends == ["small", "large", "rest"]


def test_an_activity_with_two_flows_splits_and_its_conditions_count() -> None:
    text = "start: S\nservice: A\nservice: B\nservice: C\nend: E\nS > A > B > E\nA > C > E"
    assert run(text).done("a").places == ["b", "c"]
    case = Run(plan_of(text, flows={"A -> C": "data.c"}), data={"c": False}).start()
    assert case.done("a").places == ["b"]


def test_an_end_ends_its_token_and_the_last_one_the_case() -> None:
    case = run("start: S\nand: F\nservice: A\nservice: B\nend: X\nend: Y\nS > F > A > X\nF > B > Y")
    assert case.done("a").outcome is None
    assert case.done("b").outcome == "y"


def test_a_terminate_end_takes_all_tokens_away() -> None:
    case = run(
        "start: S\nand: F\nservice: A\nservice: B\nboundary: T | on=B, time=PT1H\nend: X | terminate\nend: Y\n"
        "S > F > A > X\nF > B > Y\nT > Y"
    )
    assert case.places == ["a", "b", "t"]
    assert case.done("a").outcome == "x"
    assert case.tokens == {}


def test_scripts_and_business_rules_set_values_that_rules_see_at_once() -> None:
    text = (
        "start: S\nscript: R | script=large = order.payable > 10\nxor: X\nend: Y\nend: N\nS > R > X >[SI] Y\nX >[NO] N"
    )
    plan = plan_of(text, gateways={"X": "data.large"})
    changes = begin(plan, {"order": {"payable": 11}})
    assert (changes.values, changes.outcome) == ({"large": True}, "y")
    assert begin(plan, {"order": {"payable": 9}}).outcome == "n"


def test_what_a_person_answers_decides_the_next_gateway() -> None:
    text = "start: S\nuser: U | group=sales\nxor: X\nend: Y\nend: N\nS > U > X >[SI] Y\nX >[NO] N"
    plan = plan_of(text, gateways={"X": "data.approved"})
    assert Run(plan).start().done("u", approved=True).outcome == "y"
    assert Run(plan).start().done("u", approved=False).outcome == "n"
    with pytest.raises(ProcessError, match="approved"):
        Run(plan).start().done("u")


def test_late_and_wrong_occurrences_are_told_by_code() -> None:
    case = run("start: S\nservice: A\nend: E\nS > A > E")
    with pytest.raises(ProcessError) as wrong:
        case.do(TimerFired(token=case.at("a")))
    assert wrong.value.code == "not_waiting"
    with pytest.raises(ProcessError) as gone:
        case.do(TaskCompleted(token=99))
    assert gone.value.code == "no_such_token"


CIRCLE = "start: S\nxor: A\nxor: B\nxor: C\nend: E\nS > A > B > A\nC > E"


def test_a_circle_of_gateways_is_refused_and_does_not_hang() -> None:
    [report] = importing.import_sources([Source(name="p", content=bpmn(draw(CIRCLE)))], ())
    assert "gateway 'A' leads back to itself without a task between" in map(str, report.lint)
    plan = plan_of("start: S\nxor: X\nxor: Y\nend: E\nS > X > Y >[on] X\nY >[*] E", flows={"on": "data.on"})
    with pytest.raises(ProcessError, match="without end"):
        begin(plan, {"data": {"on": True}})
