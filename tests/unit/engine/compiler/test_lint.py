"""Diagrams that cannot run are refused; those that may go wrong get warnings."""

from typing import Any

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.imports import A_TASK, report_of
from tests.support.xpdl_files import xpdl

from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source, Verdict

UNSOUND = [
    (
        f"start: S\nxor: X\n{A_TASK}\nservice: B | lambda=b\nand: J\nend: E\n"
        "S > X >[gift_card] A > J > E\nX >[*] B > J",
        "parallel gateway 'J' waits for branches that never run at the same time",
    ),
    ("start: S\nuser: S2\nboundary: B | on=S, error\nend: E\nS > S2 > E\nB > E", "'B' is attached to no task"),
]


@pytest.mark.parametrize(("text", "reason"), UNSOUND)
def test_what_cannot_run_is_refused_with_its_reason(text: str, reason: str) -> None:
    report = report_of(text)

    assert report.verdict is Verdict.REFUSED
    assert any(reason in str(each) for each in report.lint), report.lint
    assert report.reason in report.lint


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (b"complexGateway", "'X' is a complexGateway, which cannot run"),
        (b"transaction", "'X' is a transaction, which cannot run"),
        (b"adHocSubProcess", "'X' is an adHocSubProcess, which cannot run"),
    ],
)
def test_elements_outside_the_subset_are_named(kind: bytes, reason: str) -> None:
    content = bpmn(draw("start: S\nxor: X\nend: E\nS > X > E")).replace(b"exclusiveGateway", kind)
    [report] = import_sources([Source(name="p", content=content)], ())

    assert (report.verdict, str(report.reason)) == (Verdict.REFUSED, reason)


@pytest.mark.parametrize(
    ("write", "old", "new", "reason"),
    [
        (xpdl, b'ExclusiveType="Event"', b'GatewayType="Complex"', "complexGateway"),
        (xpdl, b'Trigger="Timer"', b'Trigger="Cancel"', "cancel event"),
        (bpmn, b"timerEventDefinition", b"cancelEventDefinition", "cancel event"),
        (xpdl, b'<ActivitySet Id="P"', b'<ActivitySet Id="P" AdHoc="true"', "adHocSubProcess"),
    ],
)
def test_what_would_run_otherwise_than_drawn_is_refused(write: Any, old: bytes, new: bytes, reason: str) -> None:
    text = """
        start: S
        user: A | group=g, many=parallel, each=order.lines
        event: G
        catch: T | time=PT1H
        catch: M | message=m
        sub: P {
            start: Q
            end: R
            Q > R
        }
        end: E
        S > A > G > T > P > E
        G > M > E
    """
    content = write(draw(text))
    [good] = import_sources([Source(name="p", content=content)], ())
    [bad] = import_sources([Source(name="p", content=content.replace(old, new))], ())

    assert good.verdict is Verdict.READY
    assert bad.verdict is Verdict.REFUSED
    assert reason in str(bad.reason)


def test_a_join_of_a_split_and_of_a_boundary_that_does_not_interrupt_is_no_deadlock() -> None:
    good = f"start: S\nand: F\n{A_TASK}\nservice: B | lambda=b\nand: J\nend: E\nS > F > A > J > E\nF > B > J"
    timer = f"start: S\n{A_TASK}\nboundary: T | on=A, time=PT1H, interrupting=no\nand: J\nend: E\nS > A > J > E\nT > J"

    assert report_of(good).verdict is Verdict.READY
    assert report_of(timer).verdict is Verdict.READY


STUCK = f"""
    start: S
    and: F
    {A_TASK}
    service: B | lambda=b
    boundary: Broken | on=B, error
    %s
    and: J
    end: E
    end: X | %s
    S > F > A > J > E
    F > B > %s
    Broken > X
"""


@pytest.mark.parametrize(
    ("node", "end", "way", "reason"),
    [
        ("", "", "J", ["after the failure of 'B'", "after 'A'"]),
        ("", "terminate", "J", []),
        ("xor: G", "terminate", "G >[gift_card] J\nG >[*] X", []),
        ("xor: G\nend: Y", "terminate", "G >[gift_card] J\nG >[*] Y", ["after 'A'", "after 'B'"]),
        ("sub: U {\nstart: V\nuser: W | group=g\nend: Z\nV > W > Z\n}", "terminate", "U > J", []),
    ],
)
def test_a_join_that_can_wait_for_ever_is_warned_of(node: str, end: str, way: str, reason: list[str]) -> None:
    report = report_of(STUCK % (node, end, way))

    waits = sorted(each for each in map(str, report.lint) if "cannot come" in each)
    assert waits == sorted(f"gateway 'J' waits for a token that cannot come: it can happen {each}" for each in reason)
    assert report.verdict is Verdict.READY


def test_a_circle_without_a_way_out_is_warned_of() -> None:
    report = report_of("start: S\nuser: A | group=g\nuser: B | group=g\nend: E\nS > A > B > A")
    assert report.verdict is Verdict.READY
    reason = "no way leads from 'S' to an end (3 steps in all): an order there goes round for ever"
    assert reason in map(str, report.lint), list(map(str, report.lint))


def test_missing_error_ways_and_defaults_are_warnings() -> None:
    report = report_of(
        f"start: S\n{A_TASK}\nservice: B | lambda=b\nboundary: X | on=B, error\nservice: C | lambda=c\nxor: G\n"
        "end: E\nend: F\nS > A > B > G >[gift_card] E\nG >[order.payable > 1] F\nX > C > E"
    )
    assert report.verdict is Verdict.READY
    assert [each for each in map(str, report.lint) if "error way" in each] == [
        "'A' has no error way: an order that fails there stays there as an exception"
    ]
    assert "gateway 'G' has no default flow: an order that fits no rule stops before it" in map(str, report.lint)
