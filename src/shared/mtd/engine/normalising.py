"""Puts right what Bizagi leaves out or adds; each fix is a sentence that names the element as it is drawn."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace

from mtd.engine.drawing import SPLITS, Body, Drawing, DrawnFlow, DrawnNode, DrawnProcess, called, called_flow
from mtd.engine.naming import plain, unique

OTHERWISE = frozenset({"otherwise", "else", "default", "si no", "en otro caso", "otro", "otros", "por defecto"})
_SENT = {"message": "sends its message", "escalation": "escalates"}
_MARKUP = re.compile(r"<[^>]{0,500}>")


def normalise(drawing: Drawing) -> tuple[tuple[DrawnProcess, ...], dict[str, list[str]]]:
    """The processes that are really drawn, and the fixes by process id; the reader's remarks are the first's."""
    drawn = [process for process in drawing.processes if process.body.nodes]
    fixed, fixes = [], {}
    for process in drawn:
        told: list[str] = []
        if process is drawn[0]:
            told += drawing.remarks
            for ghost in (each for each in drawing.processes if not each.body.nodes):
                told.append(f"the empty process '{ghost.name or ghost.id}' beside it is dropped")
        if process.executable is not True:
            told.append("isExecutable is absent or false: the process counts as executable")
        documentation = _text(process.documentation, "the process", told)
        body = _body(process.body, "the process", told)
        fixed.append(replace(process, body=body, documentation=documentation, executable=True))
        fixes[process.id] = told
    return tuple(fixed), fixes


def _body(body: Body, owner: str, told: list[str]) -> Body:
    nodes = tuple(_node(node, told) for node in body.nodes)
    body = _with_senders(Body(nodes=nodes, flows=_with_ids(body.flows)), told)
    body = _with_start(_with_end(body, owner, told), owner, told)
    by_id = {node.id: node for node in body.nodes}
    outgoing: dict[str, list[DrawnFlow]] = {}
    for flow in body.flows:
        outgoing.setdefault(flow.source, []).append(flow)
    return replace(
        body, nodes=tuple(_with_default(node, outgoing.get(node.id, []), by_id, told) for node in body.nodes)
    )


def _node(node: DrawnNode, told: list[str]) -> DrawnNode:
    if node.documentation:
        node = replace(node, documentation=_text(node.documentation, called(node), told))
    if node.kind == "task":
        told.append(f"{called(node)} is a plain task: its binding says whether a Lambda or a person does it")
    elif node.kind == "subProcess" and (node.body is None or not node.body.nodes):
        told.append(f"{called(node)} is empty: it is treated as a task")
        node = replace(node, kind="task", body=None)
    elif node.kind == "callActivity" and not node.detail:
        told.append(f"{called(node)} names no process: the one of its name is called")
        node = replace(node, detail=node.name)
    elif node.kind == "scriptTask" and not node.detail:
        told.append(f"{called(node)} has an empty script")
    elif node.trigger == "timer" and not node.detail and node.kind != "startEvent":
        told.append(f"{called(node)} has an empty timer")
    if node.kind == "startEvent" and node.trigger not in ("", "none"):
        told.append(f"{called(node)} starts by {node.trigger}: an order that comes starts the process")
        node = replace(node, trigger="", detail="")
    if node.body:
        return replace(node, body=_body(node.body, called(node), told))
    return node


def _text(text: str, owner: str, told: list[str]) -> str:
    """Bizagi keeps what its editor shows, as HTML."""
    if "<" not in text and "&" not in text:
        return text
    told.append(f"the documentation of {owner} is HTML: its text is kept")
    # Entities may hide markup, so it is taken out before and after they are read.
    return " ".join(_MARKUP.sub(" ", html.unescape(_MARKUP.sub(" ", text))).split())


def _with_ids(flows: tuple[DrawnFlow, ...]) -> tuple[DrawnFlow, ...]:
    """BPMN lets a flow do without an id, and joins tell their flows apart by it."""
    taken: dict[str, int] = {}
    made = []
    for flow in flows:
        flow_id = unique(flow.id or f"{flow.source}-{flow.target}", taken)
        made.append(flow if flow_id == flow.id else replace(flow, id=flow_id))
    return tuple(made)


def _with_senders(body: Body, told: list[str]) -> Body:
    """An end event that sends or escalates does so before it ends: two nodes to the engine."""
    senders = {node.id: node for node in body.nodes if node.kind == "endEvent" and node.trigger in _SENT}
    if not senders:
        return body
    told += [f"{called(node)} {_SENT[node.trigger]}, and then ends" for node in senders.values()]
    nodes = [replace(node, kind="intermediateThrowEvent") if node.id in senders else node for node in body.nodes]
    nodes += [DrawnNode(id=f"{node.id}-end", name=node.name, kind="endEvent") for node in senders.values()]
    flows = [DrawnFlow(id=f"{each}-flow", name="", source=each, target=f"{each}-end") for each in senders]
    return Body(nodes=tuple(nodes), flows=(*body.flows, *flows))


def _with_start(body: Body, owner: str, told: list[str]) -> Body:
    if any(node.kind == "startEvent" for node in body.nodes):
        return body
    targets = {flow.target for flow in body.flows}
    firsts = [node for node in body.nodes if node.id not in targets and node.kind != "boundaryEvent"]
    if not firsts:
        return body
    told.append(f"{owner} has no start event: it starts at {' and '.join(called(node) for node in firsts)}")
    start = DrawnNode(id=f"{firsts[0].id}-start", name="Start", kind="startEvent")
    flows = (DrawnFlow(id=f"{node.id}-start", name="", source=start.id, target=node.id) for node in firsts)
    return Body(nodes=(start, *body.nodes), flows=(*flows, *body.flows))


def _with_end(body: Body, owner: str, told: list[str]) -> Body:
    if any(node.kind == "endEvent" for node in body.nodes):
        return body
    sources = {flow.source for flow in body.flows}
    lasts = [node for node in body.nodes if node.id not in sources and node.kind != "boundaryEvent"]
    if not lasts:
        return body
    told.append(f"{owner} has no end event: it ends after {' and '.join(called(node) for node in lasts)}")
    end = DrawnNode(id=f"{lasts[-1].id}-end", name="End", kind="endEvent")
    flows = (DrawnFlow(id=f"{node.id}-end", name="", source=node.id, target=end.id) for node in lasts)
    return Body(nodes=(*body.nodes, end), flows=(*body.flows, *flows))


def _with_default(
    node: DrawnNode, outgoing: Sequence[DrawnFlow], nodes: dict[str, DrawnNode], told: list[str]
) -> DrawnNode:
    if node.kind not in SPLITS or len(outgoing) < 2:
        return node
    told += [
        f"{called_flow(flow, nodes)} has no condition: its name carries the rule"
        for flow in outgoing
        if not flow.condition and flow.name and flow.id != node.default and plain(flow.name) not in OTHERWISE
    ]
    if node.default:
        return node
    named = next((flow for flow in outgoing if plain(flow.name) in OTHERWISE), None)
    unnamed = [flow for flow in outgoing if not flow.name and not flow.condition]
    default = named or (unnamed[0] if len(unnamed) == 1 else None)
    if default is None:
        return node
    told.append(f"{called(node)} has no default flow: {called_flow(default, nodes)} is taken as such")
    return replace(node, default=default.id)
