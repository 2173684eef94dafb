"""What tokens do: gateways, events, scopes, instances. Diagrams are drawn in the text of tests/diagrams.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.bpmn_files import bpmn
from tests.diagrams import draw

from mtd.domain.errors import ProcessError
from mtd.engine import importing, interpreter
from mtd.engine.interpreter import begin, step
from mtd.engine.plan import Plan
from mtd.engine.reports import Report, Source
from mtd.engine.tokens import (
    Changes,
    Done,
    Due,
    Escalated,
    Failed,
    Occurrence,
    Received,
    Token,
    Waits,
    applied,
    token_from_json,
    token_json,
)  # fmt: skip

SERVERS = {name: f"lambda:{name.lower()}" for name in "ABCDEFG"}


@dataclass
class Run:
    """A case on its way: its tokens as they stand, what was visited, how it ended."""

    plan: Plan
    facts: Mapping[str, Any] = field(default_factory=dict)
    tokens: dict[int, Token] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = None

    def start(self) -> "Run":
        return self._take(begin(self.plan, self.known))

    def do(self, occurrence: Occurrence) -> "Run":
        # As rows would keep them: through JSON.
        kept = {token.id: token_from_json(token_json(token)) for token in self.tokens.values()}
        assert kept == self.tokens
        return self._take(step(self.plan, kept, occurrence, self.known))

    def done(self, *nodes: str, **values: Any) -> "Run":
        for node in nodes:
            self.do(Done(token=self.at(node), values=values))
        return self

    def at(self, node: str) -> int:
        """The first token that works or waits at the node."""
        found = [t.id for t in self.tokens.values() if t.node == node and t.waits is not Waits.INSIDE]
        assert found, f"nothing at {node}: {self.places}"
        return min(found)

    @property
    def known(self) -> dict[str, Any]:
        return {**self.facts, "data": self.data}

    @property
    def places(self) -> list[str]:
        return sorted(token.node for token in self.tokens.values())

    def _take(self, changes: Changes) -> "Run":
        assert not {token.id for token in changes.placed} & set(changes.consumed)
        self.tokens = applied(self.tokens, changes)
        self.visited += changes.visited
        self.data |= changes.values
        self.outcome = changes.outcome
        return self


def plan_of(text: str, **sheet: Any) -> Plan:
    bindings = {"tasks": SERVERS | sheet.pop("tasks", {}), **sheet}
    return importing.compile_plan(bpmn(draw(text)), "p", (), bindings)


def report_of(text: str) -> Report:
    [report] = importing.import_sources([Source(name="p", content=bpmn(draw(text)))], ())
    return report


def run(text: str, facts: Mapping[str, Any] | None = None, **sheet: Any) -> Run:
    return Run(plan_of(text, **sheet), facts or {}).start()


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
    plan = plan_of(text, flows={"a": "order.payable < 10", "b": "order.payable < 100"})

    ends = [interpreter.start(plan, {"order": {"payable": amount}}).ends for amount in (5, 50, 500)]
    assert ends == [("small",), ("large",), ("rest",)]


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
    case.do(Failed(token=case.at("b"), code="broken"))
    assert case.places == ["d"]
    with pytest.raises(ProcessError, match="no boundary error event"):
        case.do(Failed(token=case.at("d")))


def test_the_boundary_event_for_its_code_catches_a_failure_else_the_general_one() -> None:
    text = (
        "start: S\nservice: A\nboundary: Any | on=A, error\nboundary: Sold out | on=A, error=sold_out\n"
        "end: E\nend: X\nend: Y\nS > A > E\nAny > X\nSold out > Y"
    )
    plan = plan_of(text)
    assert interpreter.fail(plan, "a", {}, "sold_out").ends == ("y",)
    assert interpreter.fail(plan, "a", {}, "timeout").ends == ("x",)
    assert interpreter.fail(plan, "a", {}).ends == ("x",)


TIMED = """
    start: S
    service: A
    boundary: T | on=A, time=%s, interrupting=%s
    service: B
    service: C
    end: E
    end: L
    S > A > C > E
    T > B > L
"""


def test_an_interrupting_timer_takes_the_token() -> None:
    case = run(TIMED % ("PT1H", "yes"))
    token = case.at("a")
    case.do(Due(token=case.at("t")))
    assert (case.places, case.at("b")) == (["b"], token)


def test_a_timer_that_does_not_interrupt_adds_a_token_once() -> None:
    case = run(TIMED % ("PT1H", "no"))
    case.do(Due(token=case.at("t")))
    assert case.places == ["a", "b"]
    assert case.done("a", "c").outcome is None
    assert case.done("b").outcome == "l"


def test_a_message_that_does_not_interrupt_may_come_again() -> None:
    case = run(
        "start: S\nservice: A\nboundary: M | on=A, message=news, interrupting=no\nservice: B\nend: E\n"
        "S > A > E\nM > B > E"
    )
    case.do(Received(message="news")).do(Received(message="news"))
    assert case.places == ["a", "b", "b", "m"]
    assert case.done("a").places == ["b", "b"]


def test_a_cycle_fires_as_often_as_it_says() -> None:
    case = run(TIMED % ("R2/PT1H", "no"))
    case.do(Due(token=case.at("t")))
    assert case.places == ["a", "b", "t"]
    case.do(Due(token=case.at("t")))
    assert case.places == ["a", "b", "b"]


def test_a_finished_task_disarms_its_timer() -> None:
    case = run(TIMED % ("PT1H", "yes"))
    timer = case.at("t")
    assert case.done("a").places == ["c"]
    with pytest.raises(ProcessError, match="no token") as late:
        case.do(Due(token=timer))
    assert late.value.code == "no_such_token"


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
    assert case.do(Due(token=case.at("t"))).places == ["b"]


def test_intermediate_timers_and_messages_wait() -> None:
    case = run("start: S\ncatch: T | time=PT1H\ncatch: M | message=paid\nreceive: R\nend: E\nS > T > M > R > E")
    assert [token.waits for token in case.tokens.values()] == [Waits.TIME]
    case.do(Due(token=case.at("t")))
    with pytest.raises(ProcessError, match="nothing waits for the message 'other'"):
        case.do(Received(message="other"))
    assert case.do(Received(message="paid", values={"amount": 7})).places == ["r"]
    assert case.data == {"amount": 7}
    assert case.do(Received(message="r")).outcome == "e"


def test_the_first_event_after_an_event_based_gateway_wins() -> None:
    text = (
        "start: S\nevent: G\ncatch: T | time=PT1H\ncatch: M | message=paid\nservice: A\nservice: B\nend: E\n"
        "S > G > T > A > E\nG > M > B > E"
    )
    case = run(text)
    assert case.places == ["g", "m", "t"]
    assert case.do(Received(message="paid")).places == ["b"]
    case = run(text)
    assert case.do(Due(token=case.at("t"))).places == ["a"]


def test_a_person_escalates_a_task() -> None:
    text = (
        "start: S\nuser: U | group=sales\nboundary: X | on=U, escalation%s\nuser: V | group=chief\nend: E\n"
        "S > U > E\nX > V > E"
    )
    case = run(text % "")
    assert case.do(Escalated(token=case.at("u"))).places == ["v"]
    case = run(text % ", interrupting=no")
    assert case.do(Escalated(token=case.at("u"))).places == ["u", "v"]
    with pytest.raises(ProcessError, match="no boundary escalation event"):
        case.do(Escalated(token=case.at("v")))


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


LINES = {"order": {"lines": [{"id": "1", "quantity": 5}, {"id": "2", "quantity": 50}, {"id": "3", "quantity": 7}]}}
EACH = {"each": "order.lines", "as": "line"}


def test_parallel_instances_are_there_at_once() -> None:
    case = run("start: S\nservice: A | many=parallel\nend: E\nS > A > E", LINES, tasks={"A": {"lambda": "a"} | EACH})
    assert [token.item for token in case.tokens.values() if token.waits is Waits.SERVICE] == [0, 1, 2]
    second = next(token.id for token in case.tokens.values() if token.item == 1)
    assert interpreter.facts_at(case.plan, case.tokens, second, case.known)["line"]["id"] == "2"
    case.do(Done(token=second))
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
        assert (case.outcome, case.data, case.visited.count("a")) == ("e", {"last": "3"}, 3)


def test_a_thousand_sequential_instances_need_no_stack() -> None:
    lines = {"order": {"lines": [{"id": str(number)} for number in range(2_000)]}}
    tasks = {"A": {"set": {"last": "line.id"}} | EACH}
    assert run("start: S\nscript: A | many=sequential\nend: E\nS > A > E", lines, tasks=tasks).data == {"last": "1999"}


def test_an_error_in_one_instance_interrupts_them_all() -> None:
    text = "start: S\nservice: A | many=parallel\nboundary: X | on=A, error\nservice: B\nend: E\nS > A > E\nX > B > E"
    case = run(text, LINES, tasks={"A": {"lambda": "a"} | EACH})
    assert case.do(Failed(token=case.at("a"))).places == ["b"]


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


def test_late_and_wrong_occurrences_are_told_by_code() -> None:
    case = run("start: S\nservice: A\nend: E\nS > A > E")
    with pytest.raises(ProcessError) as wrong:
        case.do(Due(token=case.at("a")))
    assert wrong.value.code == "not_waiting"
    with pytest.raises(ProcessError) as gone:
        case.do(Done(token=99))
    assert gone.value.code == "no_such_token"


def test_a_case_with_several_tokens_is_not_squeezed_into_one() -> None:
    with pytest.raises(ProcessError, match="more than one token"):
        interpreter.start(plan_of(PARALLEL), {})


def test_a_circle_of_gateways_is_refused_and_does_not_hang() -> None:
    report = report_of("start: S\nxor: A\nxor: B\nxor: C\nend: E\nS > A > B > A\nC > E")
    assert "gateway 'A' leads back to itself without a task between" in report.lint
    plan = plan_of("start: S\nxor: X\nxor: Y\nend: E\nS > X > Y >[on] X\nY >[*] E", flows={"on": "data.on"})
    with pytest.raises(ProcessError, match="without end"):
        interpreter.start(plan, {"data": {"on": True}})
