"""The small diagrams of tests/data/engine, with their binding sheets."""

from typing import Any

import yaml

from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Report, Source
from mtd.usecases.processes.import_processes import STATES, served
from tests.support.imports import ROOT

CASES = ROOT / "tests" / "data" / "engine"


def case_source(name: str) -> Source:
    """The diagram of that name with its sheet."""
    [path] = CASES.glob(f"{name}*.bpmn")
    sheet = path.with_suffix(".bindings.yaml")
    said: Any = yaml.safe_load(sheet.read_text("utf-8")) if sheet.exists() else None
    return Source(name=path.name, content=path.read_bytes(), sheet=said)


def case_report(name: str) -> Report:
    """The report of its import."""
    [report] = import_sources([case_source(name)], STATES)
    return served(report)
