"""Signals, conditions, event sub-processes, standard loops and gateways of events, after BPMN 2.0.2."""

from typing import Any

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.cases import Run, run
from tests.support.diagrams import draw
from tests.support.engine_cases import case_report
from tests.support.imports import report_of
from tests.support.xpdl_files import bpm, xpdl

from mtd.domain.errors import ProcessError
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source, Verdict
from mtd.engine.layout.diagram import diagram
from mtd.engine.model import plan_json
from mtd.engine.model.plan import EventType
from mtd.engine.model.tokens import MessageReceived, SignalReceived, TaskFailed, TimerFired
from mtd.engine.readers import bpmn as bpmn_reader
from mtd.engine.readers import diagram_xml
from mtd.engine.runtime import interpreter
from mtd.engine.runtime.restoring import skip
from mtd.engine.runtime.step_state import CannotGoOn

SIGNALS = """
    start: S
    and: F
    user: A | group=g
    throw: Stock came | signal=stock
    end: E
    catch: Wait for stock | signal=stock
    user: B | group=g
    boundary: Late stock | on=B, signal=stock, interrupting=no
    user: C | group=g
    end: X
    S > F > A > Stock came > E
    F > Wait for stock > E
    F > B > E
    Late stock > C > X
"""


def test_a_signal_is_heard_by_all_that_wait_for_it_and_told_to_other_cases() -> None:
    case = run(SIGNALS)
    assert case.places == ["a", "b", "late_stock", "wait_for_stock"]
    changes = interpreter.step(case.plan, case.tokens, SignalReceived(signal="stock"), case.known)
    assert changes.signals == ()
    case.done("a")
    assert case.places == ["b", "c", "late_stock"]
    assert case.signals == ["stock"]
    with pytest.raises(ProcessError, match="nothing waits for the signal"):
        case.do(SignalReceived(signal="other"))
    assert case.do(SignalReceived(signal="stock")).places == ["b", "c", "c", "late_stock"]


def test_a_signal_end_throws_and_ends() -> None:
    case = run("start: S\nuser: A | group=g\nend: Told | signal=done\nS > A > Told").done("a")
    assert (case.outcome, case.signals) == ("told", ["done"])


CONDITION = """
    start: S
    and: F
    user: A | group=g
    user: B | group=g
    catch: In stock | when=data.stock > 0
    and: J
    end: E
    S > F > A > J > E
    F > B > J
    F > In stock > J
"""


def test_a_condition_waits_until_its_rule_holds() -> None:
    case = run(CONDITION)
    assert case.done("a", stock=0).places == ["b", "in_stock", "j"]
    assert case.done("b", stock=2).outcome == "e"


def test_a_condition_that_nothing_can_make_hold_is_a_dead_end_with_its_node() -> None:
    case = run(CONDITION).done("a")
    with pytest.raises(CannotGoOn) as stopped:
        case.done("b", stock=0)
    assert (stopped.value.code, stopped.value.node) == ("deadlock", "j")


def test_a_condition_that_does_not_interrupt_fires_each_time_it_comes_to_hold() -> None:
    case = run(
        "start: S\nsub: P {\nstart: Q\nuser: A | group=g\nuser: B | group=g\nuser: C | group=g\nend: R\n"
        "Q > A > B > C > R\n}\nboundary: Big | on=P, when=data.n > 9, interrupting=no\nuser: D | group=g\nend: E\n"
        "S > P > E\nBig > D > E"
    )
    assert case.done("a", n=10).places == ["b", "big", "d", "p"]
    assert case.done("d", n=11).places == ["b", "big", "p"]
    assert case.done("b", n=1).places == ["big", "c", "p"]
    assert case.done("c", n=10).outcome is None or case.outcome == "e"


HANDLER = """
    start: S
    user: A | group=g
    user: B | group=g
    end: E
    handler: Stop {
        start: Stopped | message=stop%s
        user: Clean | group=g
        end: Cleaned
        Stopped > Clean > Cleaned
    }
    S > A > B > E
"""


def test_an_event_sub_process_takes_the_place_of_all_that_runs() -> None:
    case = run(HANDLER % "").done("a")
    case.do(MessageReceived(message="stop"))
    assert [place for place in case.places if place in ("a", "b", "clean")] == ["clean"]
    assert case.done("clean").outcome == "cleaned"


def test_an_event_sub_process_that_does_not_interrupt_runs_beside_the_rest() -> None:
    case = run(HANDLER % ", interrupting=no").done("a")
    case.do(MessageReceived(message="stop")).do(MessageReceived(message="stop"))
    assert case.done("clean", "b").outcome is None
    assert case.done("clean").outcome == "cleaned"


def test_a_process_without_its_event_ends_as_it_is_drawn() -> None:
    assert run(HANDLER % "").done("a", "b").outcome == "e"


def test_an_event_sub_process_catches_the_failure_of_a_task_beside_it() -> None:
    text = """
        start: S
        sub: P {
            start: Q
            service: A
            end: R
            handler: Broken {
                start: Failed | error
                user: Mend | group=g
                end: Mended
                Failed > Mend > Mended
            }
            Q > A > R
        }
        user: After | group=g
        end: E
        S > P > After > E
    """
    case = run(text)
    case.do(TaskFailed(token=case.at("a")))
    assert case.done("mend").places == ["after"]


def test_a_standard_loop_does_its_task_again_while_its_rule_holds() -> None:
    report = case_report("63")
    assert report.verdict is Verdict.READY
    assert report.plan is not None
    case = Run(report.plan).start().done("a", again=True)
    assert case.places == ["a"]
    assert case.done("a", again=False).outcome == "e"


LOOP = "start: S\nuser: A | group=g, %s\nuser: B | group=g\nend: E\nS > A > B > E"


@pytest.mark.parametrize(
    ("said", "answers", "places"),
    [
        ("loop=data.more", [True], ["a"]),
        ("loop=data.more", [True, False], ["b"]),
        ("loop=data.more, before=yes", [], ["a"]),
        ("loop=data.more, before=yes", [False], ["b"]),
        ("most=3", [True, True], ["a"]),
        ("most=3", [True, True, True], ["b"]),
        ("loop=data.more, most=2", [True, True], ["b"]),
        ("loop=data.more, most=2", [False], ["b"]),
        ("loop=data.more, before=yes, most=2", [True, True], ["b"]),
    ],
)
def test_standard_loops_count_and_ask_before_or_after(said: str, answers: list[bool], places: list[str]) -> None:
    report = report_of(LOOP % said)
    assert report.plan is not None
    case = Run(report.plan, data={"more": True}).start()
    for answer in answers:
        case.done("a", more=answer)
    assert case.places == places


def test_a_loop_without_a_rule_asks_the_person_who_did_the_task() -> None:
    report = report_of(LOOP % "before=no")
    assert report.plan is not None
    work = report.plan.nodes["a"].work
    assert work is not None
    [choice] = work.choices
    assert choice.options == ("B", "↻")
    assert Run(report.plan).start().done("a", **{choice.name: "↻"}).places == ["a"]
    assert Run(report.plan).start().done("a", **{choice.name: "B"}).places == ["b"]


RACE = "start: S\nevent: G\ncatch: T | time=PT1H\ncatch: X | signal=x\ncatch: C | when=data.c\nend: E\nend: F\nend: H\n"
RACE += "S > G > T > E\nG > X > F\nG > C > H"


def test_signals_and_conditions_race_after_an_event_based_gateway() -> None:
    assert run(RACE).do(SignalReceived(signal="x")).outcome == "f"
    case = run(RACE)
    assert case.do(TimerFired(token=case.at("t"))).outcome == "e"
    assert Run(case.plan, data={"c": True}).start().outcome == "h"


def test_an_event_based_gateway_before_a_task_is_a_persons_choice() -> None:
    report = report_of(
        "start: S\nuser: A | group=g\nevent: G\nuser: B | group=g\nuser: C | group=g\nend: E\n"
        "S > A > G > B > E\nG > C > E"
    )
    assert report.plan is not None
    assert Run(report.plan).start().done("a", g="C").places == ["c"]


@pytest.mark.parametrize(
    ("write", "old", "new", "places"),
    [
        (bpmn, b"<eventBasedGateway", b'<eventBasedGateway instantiate="true"', ["g", "m", "n"]),
        (xpdl, b'ExclusiveType="Event"', b'ExclusiveType="Event" Instantiate="true"', ["g", "m", "n"]),
        (bpmn, b"<eventBasedGateway", b'<eventBasedGateway instantiate="true" eventGatewayType="Parallel"', ["m", "n"]),
        (xpdl, b'ExclusiveType="Event"', b'Instantiate="true" ParallelEventBased="true"', ["m", "n"]),
    ],
)
def test_a_gateway_that_starts_the_process_waits_for_its_events(
    write: Any, old: bytes, new: bytes, places: list[str]
) -> None:
    text = "event: G\ncatch: M | message=m\ncatch: N | message=n\nend: E\nG > M > E\nG > N > E"
    [report] = import_sources([Source(name="p", content=write(draw(text)).replace(old, new))], ())
    assert report.plan is not None
    assert Run(report.plan).start().places == places


STARTS = "start: S | %s\nuser: A | group=g\nend: E\nS > A > E"


@pytest.mark.parametrize(
    ("said", "trigger", "code", "time"),
    [
        ("message=web", EventType.MESSAGE, "web", None),
        ("signal=open", EventType.SIGNAL, "open", None),
        ("time=R/P1D", EventType.TIMER, None, "R/P1D"),
        ("when=data.x", EventType.CONDITIONAL, None, None),
    ],
)
def test_a_start_event_keeps_what_sets_it_off(said: str, trigger: EventType, code: str, time: str) -> None:
    report = report_of(STARTS % said)
    assert report.plan is not None
    start = report.plan.nodes["s"]
    assert (start.trigger, start.code, start.time) == (trigger, code, time)
    assert Run(report.plan).start().places == ["a"]


@pytest.mark.parametrize("text", [SIGNALS, CONDITION, HANDLER % "", LOOP % "loop=data.more, most=2", RACE])
def test_the_three_formats_give_one_plan_that_survives_its_json(text: str) -> None:
    drawing = draw(text)
    files = {"p.bpmn": bpmn(drawing), "p.xpdl": xpdl(drawing), "p.bpm": bpm([drawing])}
    plans = []
    for name, content in files.items():
        [report] = import_sources([Source(name=name, content=content)], ())
        assert report.plan is not None
        assert plan_json.from_json(plan_json.to_json(report.plan)) == report.plan
        plans.append(plan_json.to_json(report.plan))
    assert plans[0] == plans[1] == plans[2]


def test_what_cannot_begin_stands_at_its_start_and_can_be_begun_again() -> None:
    report = case_report("17")
    assert report.plan is not None
    with pytest.raises(CannotGoOn) as stopped:
        interpreter.begin(report.plan, {"order": {"currency": "CLP", "payable": 1}, "data": {}})
    assert stopped.value.code == "no_flow"
    case = Run(report.plan, {"order": {"currency": "USD", "payable": 1}})._take(interpreter.not_begun(report.plan))
    [token] = case.tokens.values()
    changes = skip(report.plan, case.tokens, token, case.known)
    assert changes.placed or changes.outcome


def test_a_task_after_which_no_rule_holds_says_where_the_order_stopped() -> None:
    report = case_report("18")
    assert report.plan is not None
    case = Run(report.plan).start()
    for values, code in (({"ok": "maybe"}, "no_flow"), ({}, "unknown_fact")):
        with pytest.raises(CannotGoOn) as stopped:
            case.done("q", **values)
        assert (stopped.value.code, stopped.value.node) == (code, "g")


def test_inclusive_joins_that_can_wait_for_each_other_are_warned_of() -> None:
    report = case_report("02")
    assert any("waits for a token that cannot come" in str(each) for each in report.lint)


def test_several_flows_out_of_a_task_are_a_choice_where_one_leads_back_to_it() -> None:
    report = report_of("start: S\nuser: A | group=g\nuser: B | group=g\nend: E\nS > A > B > A\nA > E")
    assert report.plan is not None
    work = report.plan.nodes["a"].work
    assert work is not None
    [choice] = work.choices
    assert choice.options == ("B", "E")
    case = Run(report.plan).start().done("a", **{choice.name: "B"}).done("b")
    assert case.done("a", **{choice.name: "E"}).outcome == "e"


@pytest.mark.parametrize("text", [HANDLER % "", LOOP % "loop=data.more, most=2"])
def test_a_picture_shows_what_is_drawn_and_not_what_it_is_written_out_as(text: str) -> None:
    [report] = import_sources([Source(name="p.xpdl", content=xpdl(draw(text)))], ())
    assert report.unseen is not None
    shown = bpmn_reader.read(diagram_xml.parse(diagram(report.unseen).encode()), "p")
    assert {node.id for node in shown.processes[0].body.nodes} == {
        node.id for node in draw(text).processes[0].body.nodes
    }
