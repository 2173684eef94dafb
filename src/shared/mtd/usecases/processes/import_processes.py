"""Reports on imported diagrams: one for every process in them, with the verdict whether orders can run on it."""

from collections.abc import Sequence
from dataclasses import replace

from mtd.domain.json_types import Json
from mtd.engine.compiler import importing
from mtd.engine.compiler.calls import Systems
from mtd.engine.compiler.repetition import served_again
from mtd.engine.compiler.reports import Report, Source, lacking
from mtd.engine.compiler.starter_sheet import starter_sheet
from mtd.engine.messages.phrases import Phrase, to_json
from mtd.engine.model.plan import Plan
from mtd.engine.readers.normalising import normalise

STATES = frozenset({"validation", "gift_card", "allocation", "emission_dte", "sales_support", "dispatch", "completion"})
"""The states with a function, `POST /states/<state>` of the API. It serves the tasks of that name."""


MACHINES = frozenset({"dte_incident"})
"""State machines that a task may start: those of cloudformation/."""


_SERVERS = frozenset(
    {
        "api:/errors/{failed}",
        *(f"api:/states/{each}" for each in STATES),
        *(f"state_machine:{each}" for each in MACHINES),
    }
)


_ONCE = frozenset(
    f"api:/states/{each}" for each in ("gift_card", "allocation", "emission_dte", "sales_support", "dispatch")
)
"""Servers whose legacy system does its work once for an order: another call gives the first one's result."""


def import_processes(sources: Sequence[Source]) -> list[Json]:
    """The reports as JSON, in the sequence of the files."""
    return [report_json(served(report)) for report in importing.import_sources(sources, STATES)]


def starter_sheets(sources: Sequence[Source]) -> list[str]:
    """A binding sheet to begin with for each file, as YAML. Raises ProcessError for a file that cannot be read."""
    sheets = []
    for source in sources:
        drawings = importing.read_drawings(source.content, source.title)
        sheets.append(starter_sheet([each for drawing in drawings for each in normalise(drawing)[0]], STATES))
    return sheets


def unserved(plan: Plan, systems: Systems | None = None) -> list[Phrase]:
    """A phrase for each task whose server is none: neither a state of this API, nor its error way, nor a machine, nor
    one of the systems, where these are at hand."""
    return [
        Phrase("nobody_serves", task=node.name, server=node.binding)
        for node in plan.nodes.values()
        if node.binding and node.binding not in _SERVERS and not _is_connected(node.binding, systems)
    ]


def _is_connected(binding: str, systems: Systems | None) -> bool:
    scheme, _, target = binding.partition(":")
    return scheme == "system" and (systems is None or target.partition("/")[0] in systems)


def served(report: Report, systems: Systems | None = None) -> Report:
    """The report. A process with a task that nothing serves is `unbound`; one with a task that comes again although its
    system does the work once for an order is warned of."""
    if report.plan is None:
        return report
    again = [node for node in served_again(report.plan) if node.binding in _ONCE]
    warnings = tuple(Phrase("effect_made_once", task=node.name, server=node.binding or "") for node in again)
    return lacking(replace(report, lint=(*report.lint, *warnings)), unserved(report.plan, systems))


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
        "walkthrough": list(map(str, report.walkthrough)),
        "bindings": [{"task": task, "by": str(by)} for task, by in report.bindings],
        "verdict": report.verdict.value,
        "reason": None if report.reason is None else str(report.reason),
        "phrases": {
            "fixes": list(map(to_json, report.fixes)),
            "unbound": list(map(to_json, report.unbound)),
            "lint": list(map(to_json, report.lint)),
            "walkthrough": list(map(to_json, report.walkthrough)),
            "bindings": [to_json(by) for _, by in report.bindings],
            "reason": None if report.reason is None else to_json(report.reason),
        },
    }
