"""A system that works once for an order, at a task to which orders come again: the import says so."""

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.cases import plan_of
from tests.support.diagrams import draw
from tests.support.engine_cases import case_report

from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.repetition import served_again
from mtd.engine.compiler.reports import Source, Verdict
from mtd.usecases.processes.import_processes import STATES, served

BOTH = {"tasks": {"A": "lambda:one", "B": "lambda:one"}}


def test_a_legacy_system_drawn_twice_is_told_by_the_import() -> None:
    report = case_report("57")

    assert report.verdict is Verdict.READY
    [told] = [str(each) for each in report.lint if each.code == "effect_made_once"]
    assert "'Allocation'" in told
    assert "api:/states/allocation" in told


def test_a_state_without_an_effect_of_its_own_may_come_again() -> None:
    text = "start: S\nservice: validation\nuser: Q | group=g\nservice: Validation 2 | binding=api:/states/validation\n"
    content = bpmn(draw(text + "end: E\nS > validation > Q > Validation 2 > E"))
    [report] = import_sources([Source(name="p", content=content)], STATES)

    assert [each for each in served(report).lint if each.code == "effect_made_once"] == []


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("start: S\nservice: A\nservice: B\nend: E\nS > A > B > E", ["b"]),
        ("start: S\nxor: X\nservice: A\nservice: B\nend: E\nS > X >[gift_card] A > E\nX >[*] B > E", []),
        ("start: S\nservice: A\nxor: X\nend: E\nS > A > X >[gift_card] A\nX >[*] E", ["a"]),
        ("start: S\nservice: A | each=order.lines, many=parallel\nend: E\nS > A > E", ["a"]),
        ("start: S\nsub: P | each=order.lines, many=parallel {\nservice: A\n}\nend: E\nS > P > E", ["a"]),
        ("start: S\nsub: P {\nservice: A\n}\nservice: B\nend: E\nS > P > B > E", ["b"]),
        # What failed had no effect: mending and trying again is no repetition.
        (
            "start: S\nservice: A\nboundary: F | on=A, error\nuser: Q | group=g\nend: E\nS > A > E\nF > Q > A",
            [],
        ),
    ],
)
def test_tasks_that_come_again_are_found(text: str, again: list[str]) -> None:
    assert [node.id for node in served_again(plan_of(text, **BOTH))] == again
