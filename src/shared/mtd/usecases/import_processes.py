"""What becomes of diagrams that are imported: a report of every process in them."""

from collections.abc import Sequence

from mtd.engine import importing
from mtd.engine.plan import Plan
from mtd.engine.reports import Report, Source
from mtd.usecases.cases import Json

STATES = frozenset({"validation", "gift_card", "allocation", "emission_dte", "sales_support", "dispatch", "completion"})
"""States that have a function: `POST /states/<state>` of the API. A task of such a name is served by it."""


def import_processes(sources: Sequence[Source]) -> list[Json]:
    """The reports as JSON, files in the order given."""
    return [report_json(report) for report in importing.import_sources(sources, STATES)]


def unserved(plan: Plan) -> list[str]:
    """A sentence for each task that is bound to a Lambda of its own: MTD calls states of its API only."""
    return [
        f"'{node.name}' is bound to {node.binding}, which nothing serves: bind it to api:/states/<state>, "
        "to a group of people, or let it set a value"
        for node in plan.nodes.values()
        if node.binding and node.binding.startswith("lambda:")
    ]


def report_json(report: Report) -> Json:
    """A report as JSON types, without its plan. A process with a task that nothing serves is `unbound`."""
    missing = unserved(report.plan) if report.plan is not None else []
    told = _told(report)
    if missing and told["verdict"] == "ready":
        told |= {"verdict": "unbound", "reason": missing[0]}
    return {**told, "unbound": [*told["unbound"], *missing]}


def _told(report: Report) -> Json:
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
