"""Puts right what Bizagi leaves out or adds; each fix names the element as it is drawn."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace

from mtd.engine.messages.naming import plain, unique
from mtd.engine.messages.phrases import Phrase, word
from mtd.engine.model.drawing import SPLITS, Body, Drawing, DrawnFlow, DrawnNode, DrawnProcess, called, called_flow
from mtd.engine.readers.expanding import alternatives, event_handlers, gateways, has_short_forms, looped
from mtd.engine.readers.mending import mended, neighbours

OTHERWISE = frozenset({"otherwise", "else", "default", "si no", "en otro caso", "otro", "otros", "por defecto"})
_SENT = {"message": "sends_and_ends", "escalation": "escalates_and_ends", "signal": "signals_and_ends",
         "compensation": "compensates_and_ends"}  # fmt: skip
_SEVERAL = frozenset({"multiple", "parallelmultiple", "shared definition"})
_ITSELF = Phrase("the_process")
_MARKUP = re.compile(r"<[^>]{0,500}>")


def normalise(drawing: Drawing) -> tuple[tuple[DrawnProcess, ...], dict[str, list[Phrase]]]:
    """The processes that are really drawn, and the fixes by process id; the reader's remarks are the first's."""
    drawn = [process for process in drawing.processes if process.body.nodes]
    fixed, fixes = [], {}
    for process in drawn:
        remarks: list[Phrase] = []
        if process is drawn[0]:
            remarks += drawing.remarks
            for ghost in (each for each in drawing.processes if not each.body.nodes):
                remarks.append(Phrase("empty_process", name=ghost.name or ghost.id))
        documentation = _text(process.documentation, _ITSELF, remarks)
        shown = _body(process.body, _ITSELF, remarks)
        body = _written_out(shown, process.name or process.id, remarks)
        fixed.append(replace(process, body=body, drawn=_as_drawn(shown), documentation=documentation, executable=True))
        fixes[process.id] = _merged(remarks)
    return tuple(fixed), fixes


def _merged(remarks: list[Phrase]) -> list[Phrase]:
    """All documentation that is HTML as one phrase: Bizagi writes none other."""
    owners = [value for phrase in remarks if phrase.code == "html_documentation" for _, value in phrase.values]
    owned = tuple(each for each in owners if isinstance(each, Phrase))
    rest = [phrase for phrase in remarks if phrase.code != "html_documentation"]
    return [*rest, Phrase("html_documentation", owner=owned)] if owned else rest


def _body(body: Body, owner: Phrase, remarks: list[Phrase]) -> Body:
    body = neighbours(body)
    nodes = tuple(_node(node, remarks, owner is _ITSELF) for node in body.nodes)
    body = _with_senders(Body(nodes=nodes, flows=_with_ids(body.flows)), remarks)
    return _with_defaults(mended(body, owner, remarks), remarks)


def _written_out(body: Body, name: str, remarks: list[Phrase]) -> Body:
    """The body in which what BPMN has a short form for is what that stands for."""
    bodies = [node.body and _written_out(node.body, node.name or node.id, remarks) for node in body.nodes]
    if any(inner is not node.body for inner, node in zip(bodies, body.nodes, strict=True)):
        nodes = (replace(node, body=inner) for inner, node in zip(bodies, body.nodes, strict=True))
        body = replace(body, nodes=tuple(nodes))
    if not has_short_forms(body):
        return body
    body = alternatives(gateways(body, remarks), remarks)
    return _with_defaults(event_handlers(looped(body, remarks), name, remarks), remarks)


def _as_drawn(body: Body) -> Body:
    """The body for a picture, in which an event sub-process is a sub-process."""
    if not any(node.body for node in body.nodes):
        return body
    nodes = (
        replace(node, kind="subProcess" if node.kind == "eventSubProcess" else node.kind, body=_as_drawn(node.body))
        if node.body
        else node
        for node in body.nodes
    )
    return replace(body, nodes=tuple(nodes))


def _with_defaults(body: Body, remarks: list[Phrase]) -> Body:
    by_id = {node.id: node for node in body.nodes}
    outgoing: dict[str, list[DrawnFlow]] = {}
    for flow in body.flows:
        outgoing.setdefault(flow.source, []).append(flow)
    return replace(
        body, nodes=tuple(_with_default(node, outgoing.get(node.id, []), by_id, remarks) for node in body.nodes)
    )


def _node(node: DrawnNode, remarks: list[Phrase], outermost: bool) -> DrawnNode:
    if node.documentation:
        node = replace(node, documentation=_text(node.documentation, called(node), remarks))
    if node.kind in ("subProcess", "eventSubProcess") and (node.body is None or not node.body.nodes):
        remarks.append(Phrase("empty_sub_process", node=called(node)))
        node = replace(node, kind="task", body=None)
    elif node.kind == "callActivity" and not node.detail:
        remarks.append(Phrase("call_without_process", node=called(node)))
        node = replace(node, detail=node.name)
    if node.trigger in _SEVERAL:
        remarks.append(Phrase("several_triggers", node=called(node)))
        node = replace(node, trigger="message")
    if node.kind == "startEvent" and node.trigger not in ("", "none") and outermost:
        remarks.append(Phrase("starts_by", node=called(node), trigger=word("trigger", node.trigger)))
    if node.body:
        return replace(node, body=_body(node.body, called(node), remarks))
    return node


def _text(text: str, owner: Phrase, remarks: list[Phrase]) -> str:
    """Bizagi keeps what its editor shows, as HTML."""
    if "<" not in text and "&" not in text:
        return text
    remarks.append(Phrase("html_documentation", owner=owner))
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


def _with_senders(body: Body, remarks: list[Phrase]) -> Body:
    """An end event that sends or escalates does so before it ends: two nodes to the engine."""
    senders = {node.id: node for node in body.nodes if node.kind == "endEvent" and node.trigger in _SENT}
    if not senders:
        return body
    remarks += [Phrase(_SENT[node.trigger], node=called(node)) for node in senders.values()]
    nodes = [replace(node, kind="intermediateThrowEvent") if node.id in senders else node for node in body.nodes]
    nodes += [DrawnNode(id=f"{node.id}-end", name=node.name, kind="endEvent") for node in senders.values()]
    flows = [DrawnFlow(id=f"{each}-flow", name="", source=each, target=f"{each}-end") for each in senders]
    return Body(nodes=tuple(nodes), flows=(*body.flows, *flows))


def _with_default(
    node: DrawnNode, outgoing: Sequence[DrawnFlow], nodes: dict[str, DrawnNode], remarks: list[Phrase]
) -> DrawnNode:
    if node.kind not in SPLITS or len(outgoing) < 2:
        return node
    if node.default:
        return node
    named = next((flow for flow in outgoing if plain(flow.name) in OTHERWISE), None)
    unnamed = [flow for flow in outgoing if not flow.name and not flow.condition]
    default = named or (unnamed[0] if len(unnamed) == 1 else None)
    if default is None:
        return node
    remarks.append(Phrase("no_default_flow", node=called(node), flow=called_flow(default, nodes)))
    return replace(node, default=default.id)
