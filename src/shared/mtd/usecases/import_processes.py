"""What becomes of diagrams that are imported: a report of every process in them."""

from collections.abc import Sequence

from mtd.engine import importing
from mtd.engine.reports import Report, Source
from mtd.usecases.cases import Json

STATES = frozenset({"validation", "gift_card", "allocation", "emission_dte", "sales_support", "dispatch", "completion"})
"""States that have a function: `POST /states/<state>` of the API. A task of such a name is served by it."""


def import_processes(sources: Sequence[Source]) -> list[Json]:
    """The reports as JSON, files in the order given."""
    return [report_json(report) for report in importing.import_sources(sources, STATES)]


def report_json(report: Report) -> Json:
    """A report as JSON types, without its plan."""
    return {
        "process": report.process,
        "name": report.name,
        "file": report.source,
        "nodes": report.nodes,
        "flows": report.flows,
        "fixes": list(report.fixes),
        "unbound": list(report.unbound),
        "lint": list(report.lint),
        "bindings": [{"task": task, "by": by} for task, by in report.bindings],
        "verdict": report.verdict.value,
        "reason": report.reason,
    }
