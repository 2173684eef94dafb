"""Sub-processes, instances and tokens."""

import pytest
from tests.support.cases import run

from mtd.domain.errors import ProcessError
from mtd.engine.model.tokens import TaskCompleted, TaskFailed, TimerFired, Waits
from mtd.engine.runtime.interpreter import facts_at

SCOPE = """
    start: S
    sub: P {
        start: Q
        and: F
        service: A
        service: B
        end: X | %s
        end: Y
        Q > F > A > X
        F > B > Y
    }
    boundary: Broken | on=P, error=broken
    service: C
    service: D
    end: E
    S > P > C > E
    Broken > D > E
"""


def test_a_sub_process_is_done_when_all_in_it_is() -> None:
    case = run(SCOPE % "")
    assert case.places == ["a", "b", "p"]
    assert case.done("a").places == ["b", "p"]
    assert case.done("b").places == ["c"]


def test_terminate_ends_only_the_sub_process_around_it() -> None:
    assert run(SCOPE % "terminate").done("a").places == ["c"]


def test_an_error_end_takes_the_boundary_event_that_catches_it() -> None:
    case = run(SCOPE % "error=broken").done("a")
    assert case.places == ["d"]
    assert case.done("d").outcome == "e"


def test_an_error_that_nothing_catches_ends_the_case() -> None:
    case = run(SCOPE % "error=other").done("a")
    assert (case.tokens, case.outcome) == ({}, "x")


def test_a_failure_inside_is_caught_around_it() -> None:
    case = run(SCOPE % "")
    case.do(TaskFailed(token=case.at("b"), code="broken"))
    assert case.places == ["d"]
    with pytest.raises(ProcessError, match="no boundary error event"):
        case.do(TaskFailed(token=case.at("d")))


def test_a_boundary_timer_on_a_sub_process_takes_all_that_is_inside_away() -> None:
    text = """
        start: S
        sub: P {
            start: Q
            service: A
            boundary: Inner | on=A, time=PT1M
            end: X
            Q > A > X
            Inner > X
        }
        boundary: T | on=P, time=PT1H
        service: B
        end: E
        S > P > E
        T > B > E
    """
    case = run(text)
    assert case.places == ["a", "inner", "p", "t"]
    assert case.do(TimerFired(token=case.at("t"))).places == ["b"]


def test_an_escalation_event_reaches_the_sub_process_around_it() -> None:
    text = """
        start: S
        sub: P {
            start: Q
            throw: Tell | escalation
            service: A
            end: X
            Q > Tell > A > X
        }
        boundary: T | on=P, escalation, interrupting=%s
        service: B
        end: E
        S > P > E
        T > B > E
    """
    assert run(text % "no").places == ["a", "b", "p"]
    assert run(text % "yes").places == ["b"]


LINES = {"order": {"lines": [{"id": "1", "quantity": 5}, {"id": "2", "quantity": 50}, {"id": "3", "quantity": 7}]}}


EACH = {"each": "order.lines", "as": "line"}


def test_parallel_instances_are_there_at_once() -> None:
    case = run("start: S\nservice: A | many=parallel\nend: E\nS > A > E", LINES, tasks={"A": {"lambda": "a"} | EACH})
    assert [token.item for token in case.tokens.values() if token.waits is Waits.SERVICE] == [0, 1, 2]
    second = next(token.id for token in case.tokens.values() if token.item == 1)
    assert facts_at(case.plan, case.tokens, second, case.known)["line"]["id"] == "2"
    case.do(TaskCompleted(token=second))
    assert case.done("a").outcome is None
    assert case.done("a").outcome == "e"


def test_sequential_instances_come_one_after_the_other_and_rules_inside_see_their_element() -> None:
    text = """
        start: S
        sub: P | many=sequential {
            start: Q
            xor: X
            service: A
            service: B
            end: R
            Q > X >[SI] A > R
            X >[NO] B > R
        }
        service: C
        end: E
        S > P > C > E
    """
    case = run(text, LINES, gateways={"X": "line.quantity > 10"}, tasks={"P": EACH})
    assert case.places == ["b", "p", "p"]
    assert case.done("b").places == ["a", "p", "p"]
    assert case.done("a").places == ["b", "p", "p"]
    assert case.done("b").places == ["c"]


def test_no_instances_go_on_at_once_and_scripts_run_for_each() -> None:
    tasks = {"A": {"set": {"last": "line.id"}} | EACH}
    text = "start: S\nscript: A | many=%s\nend: E\nS > A > E"
    for many in ("parallel", "sequential"):
        assert run(text % many, {"order": {"lines": []}}, tasks=tasks).outcome == "e"
        case = run(text % many, LINES, tasks=tasks)
        assert (case.outcome, case.data, case.visited.count("a")) == ("e", {"last": ["1", "2", "3"]}, 3)


def test_a_thousand_sequential_instances_need_no_stack() -> None:
    lines = {"order": {"lines": [{"id": str(number)} for number in range(2_000)]}}
    tasks = {"A": {"set": {"last": "line.id"}} | EACH}
    case = run("start: S\nscript: A | many=sequential\nend: E\nS > A > E", lines, tasks=tasks)
    assert case.data == {"last": [str(number) for number in range(2_000)]}


def test_an_error_in_one_instance_interrupts_them_all() -> None:
    text = "start: S\nservice: A | many=parallel\nboundary: X | on=A, error\nservice: B\nend: E\nS > A > E\nX > B > E"
    case = run(text, LINES, tasks={"A": {"lambda": "a"} | EACH})
    assert case.do(TaskFailed(token=case.at("a"))).places == ["b"]


def test_two_branches_of_a_sub_process_that_end_in_one_step_end_it_once() -> None:
    text = """
        start: S
        sub: P {
            start: Q
            and: F
            end: X
            end: Y
            Q > F > X
            F > Y
        }
        sub: R {
            start: T
            service: A
            end: Z
            T > A > Z
        }
        end: E
        S > P > R > E
    """
    case = run(text)
    assert case.places == ["a", "r"]
    assert case.done("a").outcome == "e"
