"""Diagrams drawn in the text of tests/diagrams.py, imported as files."""

from pathlib import Path
from typing import Any

from mtd.engine.importing import import_sources
from mtd.engine.reports import Report, Source
from mtd.usecases.import_processes import STATES
from tests.bpmn_files import bpmn
from tests.diagrams import draw

ROOT = Path(__file__).parents[1]
PROCESSES = ROOT / "tests" / "data" / "processes"

SMALL = "start: S\n%s\nend: E\nS > A > E"
A_TASK = "service: A | lambda=a"


def report_of(text: str, **sheet: Any) -> Report:
    [report] = import_sources([Source(name="p.bpmn", content=bpmn(draw(text)), sheet=sheet)], STATES)
    return report
