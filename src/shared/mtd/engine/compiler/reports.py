"""The input of an import and its reports."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mtd.engine.messages.phrases import Phrase
from mtd.engine.model.drawing import DrawnProcess
from mtd.engine.model.plan import NodeKind, Plan, TaskAssignment


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
    """The result of one process. `nodes` and `flows` count what is drawn; `bindings` say who does each task;
    `walkthrough` what people do until something is bound to it; `unseen` is the process where the file has no picture
    of it that a viewer shows."""

    process: str
    name: str = ""
    source: str = ""
    nodes: int = 0
    flows: int = 0
    fixes: tuple[Phrase, ...] = ()
    unbound: tuple[Phrase, ...] = ()
    lint: tuple[Phrase, ...] = ()
    walkthrough: tuple[Phrase, ...] = ()
    bindings: tuple[tuple[str, Phrase], ...] = ()
    verdict: Verdict = Verdict.READY
    reason: Phrase | None = None
    plan: Plan | None = None
    unseen: DrawnProcess | None = None


def lacking(report: Report, missing: Sequence[Phrase]) -> Report:
    """The report of a process that lacks this, too: what was ready is unbound by it."""
    if missing and report.verdict is Verdict.READY:
        report = replace(report, verdict=Verdict.UNBOUND, reason=missing[0])
    return replace(report, unbound=(*report.unbound, *missing))


def bindings_of(plan: Plan) -> tuple[tuple[str, Phrase], ...]:
    """The performer of each task, or the trigger of each event; `?` where nothing names it."""
    performers = []
    for node in plan.nodes.values():
        if node.kind is NodeKind.SERVICE:
            performers.append((node.name, Phrase("by_server", server=node.binding or "?")))
        elif node.kind is NodeKind.PERSON and node.work is not None:
            performers.append((node.name, _by_group(node.work)))
        elif node.kind is NodeKind.SCRIPT:
            performers.append((node.name, Phrase("by_script", names=", ".join(name for name, _ in node.sets))))
        elif node.kind is NodeKind.MESSAGE:
            performers.append((node.name, Phrase("by_message", message=node.code or "?")))
        elif node.kind is NodeKind.SIGNAL or node.kind is NodeKind.SIGNAL_THROW:
            performers.append((node.name, Phrase("by_signal", signal=node.code or "?")))
        elif node.time or node.kind is NodeKind.TIMER:
            performers.append((node.name, Phrase("by_timer", time=node.time or "?")))
    return tuple(performers)


def _by_group(work: TaskAssignment) -> Phrase:
    group = work.group or "?"
    return Phrase("by_group_with_form", group=group, form=work.form) if work.form else Phrase("by_group", group=group)
