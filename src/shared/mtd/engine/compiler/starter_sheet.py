"""A binding sheet to begin with: what is known of a diagram is filled in, what is not stands there as a comment."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from mtd.domain.orders.facts import NAMES
from mtd.engine.compiler.binding import Binder
from mtd.engine.compiler.walkthrough import StandIns
from mtd.engine.model.drawing import SPLITS, TASKS, Body, DrawnFlow, DrawnNode, DrawnProcess, shown_name
from mtd.engine.model.plan import NodeKind
from mtd.engine.readers.expanding import AGAIN
from mtd.engine.readers.normalising import OTHERWISE
from mtd.engine.readers.sheet import PARTS, Sheet

_FACTS = {**NAMES, "item": "any"}
_HEADS = {
    "tasks": "who does each task: a group of people, a server, or what it sets",
    "gateways": "what a gateway asks that is answered yes or no",
    "flows": "the rule of a flow; 'otherwise' for the default",
    "timers": "PT2H, P1M, 2026-09-18, '0 9 * * 1-5', or a rule: '= order.promised_on'",
    "messages": "the names of messages and signals",
    "conditions": "the rule that an event waits for",
    "calls": "the process that is called",
}


@dataclass(slots=True)
class _Lines:
    parts: dict[str, dict[str, str]] = field(default_factory=lambda: {part: {} for part in PARTS})

    def known(self, part: str, name: str, value: str, remark: str = "") -> None:
        """A line that counts."""
        self.parts[part].setdefault(name, f"  {_quoted(name)}: {value}" + (f"   # {remark}" if remark else ""))

    def asked(self, part: str, name: str, example: str, remark: str) -> None:
        """A line to be written: a comment until it is."""
        self.parts[part].setdefault(name, f"  # {_quoted(name)}: {example}   # {remark}")

    def text(self) -> Iterator[str]:
        for part, lines in self.parts.items():
            if lines:
                yield f"{part}:   # {_HEADS[part]}"
                yield from lines.values()


def starter_sheet(processes: Collection[DrawnProcess], states: Collection[str]) -> str:
    """The YAML of a sheet for the normalised processes of a file. It binds what is bound without it, too."""
    lines, taken = _Lines(), Counter[str]()
    for process in processes:
        taken.update(node.name for node in _all(process.body))
    for process in processes:
        binder = Binder(Sheet(), states, StandIns(pool=process.name))
        _body(process.body, binder, lines, taken)
    return "\n".join(["# process: the key of its versions; else the file's name", *lines.text(), ""])


def _all(body: Body) -> Iterator[DrawnNode]:
    for node in body.nodes:
        yield node
        if node.body:
            yield from _all(node.body)


def _body(body: Body, binder: Binder, lines: _Lines, taken: Mapping[str, int]) -> None:
    nodes = {node.id: node for node in body.nodes}
    leaving: dict[str, list[DrawnFlow]] = {}
    for flow in body.flows:
        leaving.setdefault(flow.source, []).append(flow)
    for node in body.nodes:
        name = _name(node, taken)
        if node.kind in TASKS or (node.kind, node.trigger) == ("intermediateThrowEvent", "message"):
            _task(node, name, binder, lines)
        elif node.kind in SPLITS and len(leaving.get(node.id, ())) > 1:
            _gateway(node, name, leaving[node.id], nodes, lines)
        elif node.kind == "callActivity":
            remark = "a process of this import, else a person does it"
            lines.asked("calls", name, _quoted(node.detail or node.name), remark)
        elif node.trigger:
            _event(node, name, binder, lines)
        if node.many is not None and node.kind not in TASKS:
            lines.asked("tasks", name, "{each: order.lines, as: line}", "without a list it is done once")
        if node.body:
            _body(node.body, binder, lines, taken)


def _task(node: DrawnNode, name: str, binder: Binder, lines: _Lines) -> None:
    made = binder.task(node, _FACTS)
    work = made.get("work")
    if made["kind"] is NodeKind.SERVICE and made.get("binding"):
        lines.known("tasks", name, _quoted(made["binding"]))
    elif made["kind"] is NodeKind.MESSAGE:
        lines.known("messages", name, _quoted(made["code"]))
    elif node.kind in ("userTask", "manualTask") and work is not None:
        remark = "with each: order.lines, as: line it is done for each" if node.many else ""
        lines.known("tasks", name, f"{{group: {_quoted(work.group)}}}", remark)
    elif work is not None:
        lines.asked("tasks", name, "api:/states/<state>", f"until then a person of group {work.group} does it")


def _gateway(node: DrawnNode, name: str, flows: list[DrawnFlow], nodes: Mapping[str, DrawnNode], lines: _Lines) -> None:
    open_flows = [flow for flow in flows if flow.id != node.default]
    labels = [flow.name for flow in flows if flow.name and flow.name != AGAIN]
    if len(flows) == 2 and len(labels) == 2 and node.name:
        lines.asked("gateways", name, "order.payable > 1000000", f"else a person chooses {' or '.join(labels)}")
        return
    for flow in open_flows:
        where = f"{shown_name(node)} -> {shown_name(nodes[flow.target])}"
        key = where if node.name and nodes[flow.target].name else flow.id
        remark = "otherwise" if flow.name.lower() in OTHERWISE else "else a person chooses"
        lines.asked("flows", key, "data.approved == true", f"{remark}: {where}")


def _event(node: DrawnNode, name: str, binder: Binder, lines: _Lines) -> None:
    if node.trigger == "timer":
        time = binder.time(node, _FACTS)
        if time:
            lines.known("timers", name, _quoted(time))
        else:
            lines.asked("timers", name, "PT2H", "it has no time")
    elif node.trigger in ("message", "signal") and node.kind != "endEvent":
        lines.known("messages", name, _quoted(binder.message(node)))
    elif node.trigger == "conditional" and binder.condition(node, _FACTS) is None:
        lines.asked("conditions", name, "data.stock > 0", "it has no rule")


def _name(node: DrawnNode, taken: Mapping[str, int]) -> str:
    """The name by which the sheet means this node and no other."""
    if node.name and taken[node.name] == 1:
        return node.name
    return node.id


def _quoted(text: str) -> str:
    """The text as a YAML scalar: JSON's strings are such, too."""
    return json.dumps(text, ensure_ascii=False)
