"""Diagrams for tests: a terse text becomes a drawing, and a drawing becomes a file as Bizagi Modeler writes it.

    start: Order came
    service: Reserve | binding=lambda:reserve
    boundary: Too late | on=Reserve, time=PT2H, interrupting=no
    sub: Pack {
        start: Begin
        ...
    }
    Order came > Reserve > Ready? >[SI] Pack > Done

Each name is the element's id too. Flows are chains of names; a label in brackets goes before its target.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mtd.engine.model.drawing import Body, Drawing, DrawnFlow, DrawnLoop, DrawnMultiInstance, DrawnNode, DrawnProcess
from tests.support.bpmn_files import bpmn
from tests.support.xpdl_files import bpm, xpdl

KINDS = {
    "start": "startEvent",
    "end": "endEvent",
    "catch": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent",
    "boundary": "boundaryEvent",
    "task": "task",
    "service": "serviceTask",
    "send": "sendTask",
    "receive": "receiveTask",
    "user": "userTask",
    "manual": "manualTask",
    "script": "scriptTask",
    "rule": "businessRuleTask",
    "sub": "subProcess",
    "call": "callActivity",
    "xor": "exclusiveGateway",
    "and": "parallelGateway",
    "or": "inclusiveGateway",
    "event": "eventBasedGateway",
    "handler": "eventSubProcess",
}

_TRIGGERS = ("timer", "message", "error", "terminate", "escalation", "signal", "conditional", "link", "compensation")


def draw(text: str, name: str = "Test") -> Drawing:
    """The drawing of the text, with one process."""
    return Drawing(name=name, processes=(DrawnProcess(id="process", name=name, body=_body(iter(text.splitlines()))),))


def _body(lines: Iterator[str]) -> Body:
    nodes: dict[str, DrawnNode] = {}
    flows: list[DrawnFlow] = []
    for line in map(str.strip, lines):
        if line == "}":
            break
        if line.partition(":")[0] in KINDS:
            node = _node(line, lines)
            nodes[node.id] = node
        elif line:
            flows += _flows(line, nodes)
    return Body(nodes=tuple(nodes.values()), flows=tuple(flows))


def _node(line: str, lines: Iterator[str]) -> DrawnNode:
    kind, _, rest = line.partition(":")
    name, _, said = rest.removesuffix("{").partition("|")
    name = name.strip()
    words = dict(each.strip().split("=", 1) for each in said.split(",") if "=" in each)
    known = {
        word: words.pop(word, "")
        for word in (
            "on",
            "time",
            "message",
            "error",
            "signal",
            "when",
            "calls",
            "script",
            "many",
            "until",
            "lane",
            "undo",
            "loop",
            "before",
            "most",
        )
    }
    trigger = next((each for each in _TRIGGERS if re.search(rf"\b{each}\b", said)), "")
    trigger = "timer" if known["time"] else "conditional" if known["when"] else trigger
    trigger = trigger if kind in ("start", "end", "catch", "throw", "boundary") else ""
    looped = known["loop"] or known["most"] or known["before"]
    return DrawnNode(
        id=name,
        name=name,
        kind=KINDS[kind],
        trigger=trigger,
        detail=known["time"] or known["when"] or known["calls"] or known["script"],
        reference=known["message"] or known["error"] or known["signal"] or known["undo"],
        attached_to=known["on"],
        interrupting=words.pop("interrupting", "yes") == "yes",
        many=DrawnMultiInstance(sequential=known["many"] == "sequential", until=known["until"])
        if known["many"]
        else None,
        loop=DrawnLoop(condition=known["loop"], before=known["before"] == "yes", most=int(known["most"] or 0))
        if looped
        else None,
        for_compensation="compensates" in said,
        lane=known["lane"],
        attributes=words,
        body=_body(lines) if kind in ("sub", "handler") else None,
    )


def _flows(line: str, nodes: dict[str, DrawnNode]) -> Iterator[DrawnFlow]:
    parts = re.split(r" >(?:\[([^\]]*)\])? ", line)
    for position in range(0, len(parts) - 2, 2):
        source, label, target = parts[position : position + 3]
        if label == "*":
            nodes[source] = replace(nodes[source], default=f"{source}-{target}")
        yield DrawnFlow(id=f"{source}-{target}", name=(label or "").strip("*"), source=source, target=target)


def main() -> None:
    """Write `NAME.bpmn`, `.xpdl` and `.bpm` beside each `NAME.diagram` given."""
    for path in map(Path, sys.argv[1:]):
        drawing = draw(path.read_text("utf-8"), path.stem.replace("-", " ").capitalize())
        path.with_suffix(".bpmn").write_bytes(bpmn(drawing))
        path.with_suffix(".xpdl").write_bytes(xpdl(drawing))
        path.with_suffix(".bpm").write_bytes(bpm([drawing]))


if __name__ == "__main__":
    main()
