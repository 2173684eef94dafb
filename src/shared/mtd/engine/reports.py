"""What goes into an import and what comes out of it."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mtd.engine.plan import Kind, Plan


class Verdict(StrEnum):
    """Whether orders can run: at once, once all is bound, or not as it is drawn."""

    READY = "ready"
    UNBOUND = "unbound"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file: its name, its bytes, and the JSON of its binding sheet where there is one.

    `problem` says why whoever sends it could not read the file or its sheet.
    """

    name: str
    content: bytes = b""
    sheet: Any = None
    problem: str | None = None

    @property
    def title(self) -> str:
        """The name without the ending of a diagram file."""
        return re.sub(r"\.(bpmn|xpdl|bpm|xml)$", "", self.name, flags=re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one process. `nodes` and `flows` count what is drawn; `bindings` say who does each task."""

    process: str
    name: str = ""
    source: str = ""
    nodes: int = 0
    flows: int = 0
    fixes: tuple[str, ...] = ()
    unbound: tuple[str, ...] = ()
    lint: tuple[str, ...] = ()
    bindings: tuple[tuple[str, str], ...] = ()
    verdict: Verdict = Verdict.READY
    reason: str | None = None
    plan: Plan | None = None


def in_sentences(report: Report) -> Report:
    """The report with each of its sentences in one line, whatever the names and ids in the diagram are."""
    return replace(
        report,
        fixes=tuple(map(_one_line, report.fixes)),
        unbound=tuple(map(_one_line, report.unbound)),
        lint=tuple(map(_one_line, report.lint)),
        reason=None if report.reason is None else _one_line(report.reason),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def bindings_of(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Who does each task, or what each event waits for; `?` where nothing says."""
    told = []
    for node in plan.nodes.values():
        if node.kind is Kind.SERVICE:
            told.append((node.name, node.binding or "?"))
        elif node.kind is Kind.PERSON and node.work is not None:
            form = f", form {node.work.form}" if node.work.form else ""
            told.append((node.name, f"group {node.work.group or '?'}{form}"))
        elif node.kind is Kind.SCRIPT:
            told.append((node.name, f"sets {', '.join(name for name, _ in node.sets)}"))
        elif node.kind is Kind.MESSAGE:
            told.append((node.name, f"message {node.code or '?'}"))
        elif node.time or node.kind is Kind.TIMER:
            told.append((node.name, f"timer {node.time or '?'}"))
    return tuple(told)
