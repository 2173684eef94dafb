"""Compensation undoes done activities, the last first: BPMN 2.0.2, 13.5.5."""

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.cases import Run, run
from tests.support.diagrams import draw
from tests.support.xpdl_files import bpm, xpdl

from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source
from mtd.engine.model import plan_json
from mtd.engine.model.tokens import MessageReceived, TaskFailed, Waits

BOOKING = """
    start: S
    user: Hotel | group=g
    boundary: No hotel | on=Hotel, compensation, undo=Cancel hotel
    user: Cancel hotel | group=g, compensates
    user: Flight | group=g
    boundary: No flight | on=Flight, compensation, undo=Cancel flight
    user: Cancel flight | group=g, compensates
    user: Pay | group=g
    boundary: Not paid | on=Pay, error
    throw: Undo all | compensation%s
    end: Booked
    end: Undone
    S > Hotel > Flight > Pay > Booked
    Not paid > Undo all > Undone
"""


def at(case: Run) -> list[str]:
    """Where work waits."""
    return sorted(token.node for token in case.tokens.values() if token.waits is Waits.PERSON)


def failed(case: Run) -> Run:
    return case.do(TaskFailed(token=case.at("pay")))


def test_handlers_run_one_by_one_the_last_done_first() -> None:
    case = failed(run(BOOKING % "").done("hotel", "flight"))
    assert at(case) == ["cancel_flight"]
    assert at(case.done("cancel_flight")) == ["cancel_hotel"]
    assert case.done("cancel_hotel").outcome == "undone"
    assert case.tokens == {}


def test_a_throw_event_may_name_one_activity() -> None:
    case = failed(run(BOOKING % ", undo=Hotel").done("hotel", "flight"))
    assert at(case) == ["cancel_hotel"]
    assert case.done("cancel_hotel").outcome == "undone"


def test_a_case_that_ends_as_drawn_undoes_nothing() -> None:
    case = run(BOOKING % "").done("hotel", "flight", "pay")
    assert (case.outcome, case.tokens) == ("booked", {})


def test_what_was_not_done_is_not_undone() -> None:
    text = (BOOKING % "").replace("S > Hotel > Flight > Pay", "S > Pay")
    assert failed(run(text)).outcome == "undone"


def test_an_end_event_undoes_and_ends() -> None:
    text = "start: S\nuser: Do | group=g\nboundary: No | on=Do, compensation, undo=Undo\n"
    case = run(text + "user: Undo | group=g, compensates\nend: End | compensation\nS > Do > End").done("do")
    assert at(case) == ["undo"]
    assert case.done("undo").outcome == "end"


CANCELLED = """
    start: S
    sub: Prepare {
        start: Q
        user: Pick | group=g
        boundary: Unpick | on=Pick, compensation, undo=Put back
        user: Put back | group=g, compensates
        end: R
        Q > Pick > R
    }
    user: Pay | group=g
    boundary: Unpay | on=Pay, compensation, undo=Pay back
    user: Pay back | group=g, compensates
    user: Send | group=g
    end: E
    handler: Cancellation {
        start: Cancelled | message=cancel
        throw: Undo | compensation
        end: Gone
        Cancelled > Undo > Gone
    }
    S > Prepare > Pay > Send > E
"""


@pytest.mark.parametrize(
    ("done", "undone"),
    [(["pick", "pay"], ["pay_back", "put_back"]), (["pick"], ["put_back"]), ([], [])],
)
def test_the_cancellation_of_an_order_may_be_drawn(done: list[str], undone: list[str]) -> None:
    case = run(CANCELLED).done(*done).do(MessageReceived(message="cancel"))
    for each in undone:
        assert at(case) == [each]
        case.done(each)
    assert (case.outcome, case.tokens) == ("gone", {})


@pytest.mark.parametrize("text", [BOOKING % "", BOOKING % ", undo=Hotel", CANCELLED])
def test_the_three_formats_give_one_plan(text: str) -> None:
    drawing = draw(text)
    files = {"p.bpmn": bpmn(drawing), "p.xpdl": xpdl(drawing), "p.bpm": bpm([drawing])}
    plans = []
    for name, content in files.items():
        [report] = import_sources([Source(name=name, content=content)], ())
        assert report.plan is not None, report.reason
        assert plan_json.from_json(plan_json.to_json(report.plan)) == report.plan
        plans.append(plan_json.to_json(report.plan))
    assert plans[0] == plans[1] == plans[2]
