"""Diagrams that are not drawn to the end: what leads nowhere, to other pools, or comes from nowhere."""

from collections.abc import Callable

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.cases import Run
from tests.support.diagrams import draw
from tests.support.engine_cases import case_report, case_source
from tests.support.imports import report_of
from tests.support.xpdl_files import bpm, xpdl

from mtd.domain.errors import ProcessError
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Report, Source, Verdict
from mtd.engine.model import plan_json
from mtd.engine.model.drawing import Drawing
from mtd.engine.model.plan import EventType, NodeKind, Plan
from mtd.engine.runtime import interpreter


def ready(report: Report) -> Plan:
    assert report.verdict is Verdict.READY, report.reason
    assert report.plan is not None
    return report.plan


def remarks(report: Report) -> list[str]:
    return [str(each) for each in (*report.fixes, *report.lint)]


def test_a_link_is_a_flow() -> None:
    case = Run(ready(case_report("60"))).start()
    assert case.done("a").places == ["b"]


def test_what_leads_nowhere_ends_there() -> None:
    report = case_report("61")
    assert "the process also ends after user task 'B', from where nothing leads on" in remarks(report)
    assert Run(ready(report)).start().done("a", "b").outcome is not None


def test_bizagis_expanded_call_is_linked_to_its_process() -> None:
    reports = import_sources([case_source("01")], ())
    calling = next(each for each in reports if each.plan and "call_activity_expanded" in each.plan.nodes)
    assert ready(calling).nodes["call_activity_expanded"].kind is NodeKind.SUB_PROCESS


TWO_STARTS = """
    start: Web | message=web
    start: Shop
    user: A | group=g
    user: B | group=g
    end: E
    Web > A > E
    Shop > B > E
"""


def test_each_start_event_is_an_entry_and_the_plain_one_is_that_of_orders() -> None:
    plan = ready(report_of(TWO_STARTS))
    assert (plan.start, plan.starts) == ("shop", ("shop", "web"))
    assert plan.nodes["web"].trigger is EventType.MESSAGE
    assert [token.node for token in interpreter.begin(plan, {}).placed] == ["b"]
    assert [token.node for token in interpreter.begin(plan, {}, "web").placed] == ["a"]
    with pytest.raises(ProcessError) as refused:
        interpreter.begin(plan, {}, "a")
    assert refused.value.code == "no_such_start"
    assert plan_json.from_json(plan_json.to_json(plan)) == plan


def test_the_sheet_says_where_orders_start() -> None:
    assert ready(report_of(TWO_STARTS, start="Web")).start == "web"
    assert report_of(TWO_STARTS, start="Phone").verdict is Verdict.UNBOUND


MENDED = [
    (
        "start: S\nuser: A | group=g\nuser: B | group=g\nend: E\nS > A > E\nB > E",
        "no order comes to user task 'B': nothing leads there from the start",
        ["a"],
    ),
    (
        "start: S\nuser: A | group=g\nend: E\nS > A > E > A > F",
        "a flow of end event 'E' and user task 'A' leads to another pool, nowhere, into a start or on from an end",
        ["a"],
    ),
    ("start: S\nuser: A | group=g\nend: E\nA > E", "the process has no start event: it starts at user task 'A'", ["a"]),
    ("user: A | group=g\nuser: B | group=g\nA > B > A", "the process has no start event: it starts at user", ["a"]),
    (
        "start: S\nuser: A | group=g\nboundary: T | on=A, time=PT1H\nend: E\nS > A > E",
        "the process also ends after boundary event 'T'",
        ["a", "t"],
    ),
]


@pytest.mark.parametrize(("text", "fix", "places"), MENDED)
def test_what_is_not_drawn_to_the_end_runs(text: str, fix: str, places: list[str]) -> None:
    report = report_of(text)
    assert any(fix in each for each in remarks(report)), remarks(report)
    assert Run(ready(report)).start().places == places


def test_a_join_does_not_wait_for_what_no_order_comes_to() -> None:
    text = "start: S\nuser: A | group=g\nuser: B | group=g\nand: J\nend: E\nS > A > J > E\nB > J"
    assert Run(ready(report_of(text))).start().done("a").outcome == "e"


def test_an_empty_diagram_of_a_file_is_dropped_beside_the_others() -> None:
    drawn = [draw("start: S\nuser: A\nend: E\nS > A > E", "Drawn"), Drawing(name="Sketch", processes=())]
    for drawings in (drawn, drawn[::-1]):
        [report] = import_sources([Source(name="p.bpm", content=bpm(drawings))], ())
        assert "the empty process 'Sketch' beside it is dropped" in remarks(report)
        ready(report)

    [alone] = import_sources([Source(name="p.bpm", content=bpm(drawn[1:]))], ())
    assert (alone.verdict, alone.reason and alone.reason.code) == (Verdict.REFUSED, "diagram_empty")


@pytest.mark.parametrize("trigger", ["escalation", "compensation"])
@pytest.mark.parametrize("write", [bpmn, xpdl])
def test_an_event_in_the_flow_that_nothing_can_catch_is_thrown(trigger: str, write: Callable[[Drawing], bytes]) -> None:
    """Bizagi Modeler writes such events without saying whether they catch or throw."""
    text = f"start: S\nuser: A | group=g\ncatch: Told | {trigger}\nuser: B | group=g\nend: E\nS > A > Told > B > E"
    [report] = import_sources([Source(name="p", content=write(draw(text)))], ())

    assert Run(ready(report)).start().done("a").places == ["b"]
