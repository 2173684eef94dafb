"""Mends the flows of a drawn body: links, flows that lead out of it or nowhere, ends and starts that are not drawn."""

from collections.abc import Sequence
from dataclasses import replace

from mtd.engine.messages.naming import plain
from mtd.engine.messages.phrases import Phrase
from mtd.engine.model.drawing import Body, DrawnFlow, DrawnNode, called

_FIRST = frozenset({"startEvent", "boundaryEvent", "eventSubProcess"})
_LAST = frozenset({"endEvent", "eventSubProcess"})


def mended(body: Body, owner: Phrase, remarks: list[Phrase]) -> Body:
    """The body with nothing but flows that a token can take, from a start to ends; each change is told."""
    return _with_start(_with_end(_linked(_inside(body, remarks), remarks), owner, remarks), owner, remarks)


def _inside(body: Body, remarks: list[Phrase]) -> Body:
    """Without flows that lead to another pool or nowhere, into a start, or on from an end."""
    nodes = {node.id: node for node in body.nodes}
    kept, loose = [], []
    for flow in body.flows:
        source, target = nodes.get(flow.source), nodes.get(flow.target)
        if source is None or target is None or target.kind in _FIRST or source.kind in _LAST:
            loose.append(flow)
        else:
            kept.append(flow)
    if not loose:
        return body
    ends = [nodes[each] for flow in loose for each in (flow.source, flow.target) if each in nodes]
    if ends:
        remarks.append(Phrase("flows_dropped", nodes=tuple(dict.fromkeys(map(called, ends)))))
    return replace(body, flows=tuple(kept))


def _linked(body: Body, remarks: list[Phrase]) -> Body:
    """A link that is thrown leads to where it is caught, by its name."""
    links = [node for node in body.nodes if node.trigger == "link"]
    if not links:
        return body
    sources = {flow.source for flow in body.flows}
    caught = {_link(node): node for node in links if node.kind == "intermediateCatchEvent" and node.id in sources}
    flows = list(body.flows)
    for node in links:
        target = caught.get(_link(node))
        if node.id not in sources and target is not None:
            flows.append(DrawnFlow(id=f"{node.id}-link", name="", source=node.id, target=target.id))
            remarks.append(Phrase("link_is_flow", node=called(node), target=called(target)))
    nodes = (
        replace(node, trigger="", kind="intermediateThrowEvent") if node.trigger == "link" else node
        for node in body.nodes
    )
    return Body(nodes=tuple(nodes), flows=tuple(flows))


def _link(node: DrawnNode) -> str:
    return plain(node.reference or node.name)


def _with_end(body: Body, owner: Phrase, remarks: list[Phrase]) -> Body:
    """A node without an outgoing flow ends its path."""
    sources = {flow.source for flow in body.flows}
    lasts = [
        node for node in body.nodes
        if node.id not in sources and node.kind not in _LAST and not _undoes(node)
        and not (node.kind == "startEvent" and len(body.nodes) > 1)
    ]  # fmt: skip
    if not lasts:
        return body
    code = "ends_after" if any(node.kind == "endEvent" for node in body.nodes) else "no_end_event"
    remarks.append(Phrase(code, owner=owner, nodes=tuple(map(called, lasts))))
    end = DrawnNode(id=f"{lasts[-1].id}-end", name="End", kind="endEvent")
    flows = (DrawnFlow(id=f"{node.id}-end", name="", source=node.id, target=end.id) for node in lasts)
    return Body(nodes=(*body.nodes, end), flows=(*body.flows, *flows))


def _undoes(node: DrawnNode) -> bool:
    """Whether the node is there to compensate: no flow leads on from it."""
    return node.for_compensation or (node.kind == "boundaryEvent" and node.trigger == "compensation")


def _with_start(body: Body, owner: Phrase, remarks: list[Phrase]) -> Body:
    """A start event that is not there, or from which nothing leads on, leads to what nothing leads to."""
    sources = {flow.source for flow in body.flows}
    starts = [node for node in body.nodes if node.kind == "startEvent"]
    if any(node.id in sources for node in starts):
        return replace(body, nodes=tuple(each for each in body.nodes if each.id in sources or each not in starts))
    firsts = _firsts(body)
    if not firsts:
        return body
    remarks.append(Phrase("no_start_event", owner=owner, nodes=tuple(map(called, firsts))))
    start = starts[0] if starts else DrawnNode(id=f"{firsts[0].id}-start", name="Start", kind="startEvent")
    flows = (DrawnFlow(id=f"{node.id}-start", name="", source=start.id, target=node.id) for node in firsts)
    return Body(nodes=body.nodes if starts else (start, *body.nodes), flows=(*flows, *body.flows))


def _firsts(body: Body) -> Sequence[DrawnNode]:
    """The nodes that nothing leads to; where all lie in a circle, the first drawn."""
    targets = {flow.target for flow in body.flows}
    within = [node for node in body.nodes if node.kind not in _FIRST and not node.for_compensation]
    firsts = [node for node in within if node.id not in targets]
    # An end that nothing leads to is no beginning, unless there is nothing else.
    return [node for node in firsts if node.kind != "endEvent"] or firsts or within[:1]


def neighbours(body: Body) -> Body:
    """The body, in which what has no name knows the names of its neighbours."""
    if all(node.name for node in body.nodes):
        return body
    names = {node.id: node.name for node in body.nodes}
    after = {node.id: names.get(node.attached_to, "") for node in body.nodes if node.attached_to}
    before: dict[str, str] = {}
    for flow in body.flows:
        if names.get(flow.source):
            after.setdefault(flow.target, names[flow.source])
        if names.get(flow.target):
            before.setdefault(flow.source, names[flow.target])
    return replace(
        body,
        nodes=tuple(
            node if node.name else replace(node, after=after.get(node.id, ""), before=before.get(node.id, ""))
            for node in body.nodes
        ),
    )
