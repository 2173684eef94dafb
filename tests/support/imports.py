"""Diagrams drawn in the text of tests/support/diagrams.py, imported as files."""

from pathlib import Path
from typing import Any

from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Report, Source
from mtd.usecases.processes.import_processes import STATES
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw

ROOT = Path(__file__).parents[2]
PROCESSES = ROOT / "tests" / "data" / "processes"

SMALL = "start: S\n%s\nend: E\nS > A > E"
A_TASK = "service: A | lambda=a"


def report_of(text: str, **sheet: Any) -> Report:
    [report] = import_sources([Source(name="p.bpmn", content=bpmn(draw(text)), sheet=sheet)], STATES)
    return report
