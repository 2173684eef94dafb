"""Reports on imported diagrams: one for every process in them, with the verdict whether orders can run on it."""

from collections.abc import Sequence

from mtd.domain.json_types import Json
from mtd.engine.compiler import importing
from mtd.engine.compiler.reports import Report, Source, lacking
from mtd.engine.messages.phrases import Phrase, to_json
from mtd.engine.model.plan import Plan

STATES = frozenset({"validation", "gift_card", "allocation", "emission_dte", "sales_support", "dispatch", "completion"})
"""The states with a function, `POST /states/<state>` of the API. It serves the tasks of that name."""


def import_processes(sources: Sequence[Source]) -> list[Json]:
    """The reports as JSON, in the sequence of the files."""
    return [report_json(served(report)) for report in importing.import_sources(sources, STATES)]


def unserved(plan: Plan) -> list[Phrase]:
    """A phrase for each task that is bound to a Lambda of its own: `route_order` calls states of the API only."""
    return [
        Phrase("nobody_serves", task=node.name, server=node.binding)
        for node in plan.nodes.values()
        if node.binding and node.binding.startswith("lambda:")
    ]


def served(report: Report) -> Report:
    """The report. A process with a task that nothing serves is `unbound`."""
    return lacking(report, unserved(report.plan) if report.plan is not None else [])


def report_json(report: Report) -> Json:
    """A report as JSON types, without its plan: in English, and as `phrases` for other languages."""
    return {
        "process": report.process,
        "name": report.name,
        "file": report.source,
        "nodes": report.nodes,
        "flows": report.flows,
        "fixes": list(map(str, report.fixes)),
        "unbound": list(map(str, report.unbound)),
        "lint": list(map(str, report.lint)),
        "bindings": [{"task": task, "by": str(by)} for task, by in report.bindings],
        "verdict": report.verdict.value,
        "reason": None if report.reason is None else str(report.reason),
        "phrases": {
            "fixes": list(map(to_json, report.fixes)),
            "unbound": list(map(to_json, report.unbound)),
            "lint": list(map(to_json, report.lint)),
            "bindings": [to_json(by) for _, by in report.bindings],
            "reason": None if report.reason is None else to_json(report.reason),
        },
    }
