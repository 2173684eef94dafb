"""Writes out what BPMN has a short form for: standard loops, event sub-processes, gateways that wait for events."""

import re
from collections import Counter
from dataclasses import replace

from mtd.engine.messages.phrases import Phrase
from mtd.engine.model.drawing import ACTIVITIES, Body, DrawnFlow, DrawnNode, called, shown_name

AGAIN = "↻"
"""The label of the way back of a standard loop, and a mark in its gateway's name: its own in no language."""

_EVENTS = frozenset({"timer", "message", "signal", "conditional"})
_SETS_OFF = _EVENTS | {"error", "escalation"}


def has_short_forms(body: Body) -> bool:
    """Whether there may be anything to write out in the body, but for what is in its sub-processes."""
    if any(node.loop or node.kind in ("eventSubProcess", "eventBasedGateway") for node in body.nodes):
        return True
    leaving = [flow.source for flow in body.flows]
    splitting = {source for source, times in Counter(leaving).items() if times > 1}
    return any(node.id in splitting and node.kind in ACTIVITIES for node in body.nodes)


def gateways(body: Body, remarks: list[Phrase]) -> Body:
    """An event-based gateway before something that is no event is a choice that a person has."""
    nodes = {node.id: node for node in body.nodes}
    for gateway in [node for node in body.nodes if node.kind == "eventBasedGateway"]:
        targets = [nodes[flow.target] for flow in body.flows if flow.source == gateway.id]
        strange = next((each for each in targets if not _is_event(each)), None)
        if strange is not None:
            remarks.append(Phrase("gateway_is_choice", node=called(gateway), target=called(strange)))
            nodes[gateway.id] = replace(gateway, kind="exclusiveGateway")
    return replace(body, nodes=tuple(nodes.values()))


def alternatives(body: Body, remarks: list[Phrase]) -> Body:
    """Several flows out of an activity run at once; where one of them leads back to it, it would never end: then they
    are a choice."""
    nexts: dict[str, list[str]] = {}
    for flow in body.flows:
        nexts.setdefault(flow.source, []).append(flow.target)
    for node in body.nodes:
        leaving = [flow for flow in body.flows if flow.source == node.id] if len(nexts.get(node.id, ())) > 1 else []
        if node.kind in ACTIVITIES and leaving and not any(f.condition for f in leaving) and _returns(node.id, nexts):
            remarks.append(Phrase("flows_are_choice", node=called(node)))
            gateway = DrawnNode(
                id=f"{node.id}-choice", name="", kind="exclusiveGateway", lane=node.lane, after=shown_name(node)
            )
            flows = [replace(flow, source=gateway.id) if flow.source == node.id else flow for flow in body.flows]
            flows.append(DrawnFlow(id=f"{gateway.id}-in", name="", source=node.id, target=gateway.id))
            body = Body(nodes=(*body.nodes, gateway), flows=tuple(flows))
    return body


def _returns(start: str, nexts: dict[str, list[str]]) -> bool:
    seen, pending = set[str](), list(nexts[start])
    while pending:
        each = pending.pop()
        if each not in seen:
            seen.add(each)
            pending += nexts.get(each, ())
    return start in seen


def _is_event(node: DrawnNode) -> bool:
    if node.kind == "receiveTask":
        return node.many is None and node.loop is None
    return node.kind == "intermediateCatchEvent" and node.trigger in _EVENTS


def looped(body: Body, remarks: list[Phrase]) -> Body:
    """A standard loop as the gateway that it stands for, before the activity or after it."""
    for node in body.nodes:
        if node.loop is not None and node.many is None:
            remarks.append(Phrase("loop_is_gateway", node=called(node)))
            body = _with_loop(body, node)
    return body


def _with_loop(body: Body, node: DrawnNode) -> Body:
    loop = node.loop
    assert loop is not None
    gateway, counted = f"{node.id}-loop", _counter(node)
    condition = loop.condition
    if loop.most:
        condition = f"({condition}) && data.{counted} < {loop.most}" if condition else f"data.{counted} < {loop.most}"
    name = f"{shown_name(node)} {AGAIN}"
    leaving = [flow for flow in body.flows if flow.source == node.id]
    out = f"{node.id}-done" if len(leaving) > 1 else gateway
    first, into = (gateway if loop.before else node.id), (node.id if not loop.most else f"{node.id}-count")
    flows = [
        replace(flow, source=out if flow.source == node.id else flow.source,
                target=first if flow.target == node.id else flow.target)
        for flow in body.flows
    ]  # fmt: skip
    exits = [flow.id for flow in leaving] if out == gateway else [f"{out}-flow"]
    flows += [
        DrawnFlow(id=f"{gateway}-in", name="", source=node.id, target=gateway),
        DrawnFlow(id=f"{gateway}-again", name=AGAIN, source=gateway, target=into, condition=condition),
    ]
    added = [
        DrawnNode(id=gateway, name=name, kind="exclusiveGateway", default=exits[0] if exits else "", lane=node.lane)
    ]
    if out != gateway:
        added.append(DrawnNode(id=out, name="", kind="intermediateThrowEvent", after=node.name))
        flows.append(DrawnFlow(id=exits[0], name="", source=gateway, target=out))
    if loop.most:
        added, flows = _counted(node, counted, first, into, added, flows)
    nodes = (replace(each, loop=None) if each.id == node.id else each for each in body.nodes)
    return Body(nodes=(*nodes, *added), flows=tuple(flows))


def _counted(
    node: DrawnNode, counted: str, first: str, into: str, added: list[DrawnNode], flows: list[DrawnFlow]
) -> tuple[list[DrawnNode], list[DrawnFlow]]:
    """With scripts that count the turns, from the first on."""
    begin, done = f"{node.id}-first", 0 if first != node.id else 1
    name = f"{shown_name(node)} {AGAIN}"
    added += [
        DrawnNode(id=begin, name=f"{name} 0", kind="scriptTask", detail=f"{counted} = {done}"),
        DrawnNode(id=into, name=f"{name} 1", kind="scriptTask", detail=f"{counted} = data.{counted} + 1"),
    ]
    turned = [
        replace(flow, target=begin) if flow.target == first and not flow.id.startswith(f"{node.id}-loop") else flow
        for flow in flows
    ]
    turned += [
        DrawnFlow(id=f"{begin}-flow", name="", source=begin, target=first),
        DrawnFlow(id=f"{into}-flow", name="", source=into, target=node.id),
    ]
    return added, turned


def _counter(node: DrawnNode) -> str:
    """Where the turns are counted, in the case's data."""
    return "turns_" + re.sub(r"\W+", "_", node.id, flags=re.ASCII)


def event_handlers(body: Body, name: str, remarks: list[Phrase]) -> Body:
    """An event sub-process as a sub-process at a boundary event of all the rest, which becomes a sub-process too.

    That is what it does after BPMN 2.0.2, 13.5.4: it is armed while the rest runs, and takes its place or runs beside.
    """
    handlers = [node for node in body.nodes if node.kind == "eventSubProcess"]
    if not handlers:
        return body
    kept = [(each, start) for each in handlers if (start := _set_off(each)) is not None]
    if len(kept) < len(handlers):
        lost = [each for each in handlers if all(each is not node for node, _ in kept)]
        remarks.append(Phrase("handlers_dropped", nodes=tuple(map(called, lost))))
    rest = Body(nodes=tuple(node for node in body.nodes if node.kind != "eventSubProcess"), flows=body.flows)
    if not kept:
        return rest
    whole = f"{rest.nodes[0].id}-all"
    nodes = [
        DrawnNode(id=f"{whole}-start", name="", kind="startEvent", before=name),
        DrawnNode(id=whole, name=name, kind="subProcess", body=rest),
    ]
    flows = [DrawnFlow(id=f"{whole}-flow", name="", source=f"{whole}-start", target=whole)]
    for handler, start in kept:
        event, inside = f"{handler.id}-event", handler.body
        assert inside is not None
        nodes += [
            replace(start, id=event, kind="boundaryEvent", attached_to=whole, box=None, label=None),
            replace(
                handler,
                kind="subProcess",
                body=replace(
                    inside,
                    nodes=tuple(replace(each, trigger="") if each is start else each for each in inside.nodes),
                ),
            ),
        ]
        flows.append(DrawnFlow(id=f"{event}-flow", name="", source=event, target=handler.id))
    return Body(nodes=tuple(nodes), flows=tuple(flows))


def _set_off(handler: DrawnNode) -> DrawnNode | None:
    """The start event that sets the event sub-process off."""
    starts = [node for node in (handler.body or Body()).nodes if node.kind == "startEvent"]
    return next((each for each in starts if each.trigger in _SETS_OFF), None)
