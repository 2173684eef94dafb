"""How large a node is drawn, and what moves with it: the inside of a sub-process, the events on its edge."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mtd.engine.model.drawing import Body, DrawnNode
from mtd.engine.model.geometry import Box, around

_EVENT, _GATEWAY, _TASK = (36.0, 36.0), (50.0, 50.0), (100.0, 80.0)
_INSET, _HEADER = 30.0, 40.0


def size_of(node: DrawnNode) -> tuple[float, float]:
    """Width and height of a node that has no box; a sub-process is as large as its inside needs."""
    if node.kind.endswith("Event"):
        return _EVENT
    if node.kind.endswith("Gateway"):
        return _GATEWAY
    if node.body and node.body.nodes:
        inside = inside_of(node.body)
        return max(_TASK[0], inside.width + 2 * _INSET), max(_TASK[1], inside.height + 2 * _HEADER)
    return _TASK


def hosts_of(body: Body) -> dict[str, str]:
    """The boundary events by the activity that they sit on."""
    hosts = {node.id for node in body.nodes if node.kind != "boundaryEvent"}
    return {
        node.id: node.attached_to for node in body.nodes if node.kind == "boundaryEvent" and node.attached_to in hosts
    }


def inside_of(body: Body) -> Box:
    """The box around a body whose nodes have boxes, with its flows."""
    boxes = [node.box for node in body.nodes if node.box]
    points = [Box(point.x, point.y, 0, 0) for flow in body.flows for point in flow.bends]
    return around([*boxes, *points])


def seat(node: DrawnNode, box: Box) -> DrawnNode:
    """The node in that box, which was made for it; what is in it moves with it and is shown."""
    if node.body is None or not node.body.nodes:
        return replace(node, box=box)
    inside = inside_of(node.body)
    body = moved(node.body, box.centre.x - inside.centre.x, box.y + _HEADER - inside.y)
    return replace(node, box=box, body=body, expanded=True)


def on_host(guests: Sequence[DrawnNode], host: DrawnNode) -> Iterable[DrawnNode]:
    """Boundary events side by side on the lower edge of their host."""
    assert host.box is not None
    step = host.box.width / (len(guests) + 1)
    for number, guest in enumerate(guests, start=1):
        width, height = _EVENT
        yield replace(
            guest, box=Box(host.box.x + step * number - width / 2, host.box.bottom - height / 2, width, height)
        )


def moved(body: Body, right: float, down: float) -> Body:
    """The body elsewhere. The contents of a collapsed sub-process lie on a page of their own and stay."""
    return Body(
        nodes=tuple(
            replace(
                node,
                box=node.box and node.box.moved(right, down),
                label=node.label and node.label.moved(right, down),
                body=moved(node.body, right, down) if node.body and node.expanded else node.body,
            )
            for node in body.nodes
        ),
        flows=tuple(
            replace(
                flow,
                bends=tuple(replace(point, x=point.x + right, y=point.y + down) for point in flow.bends),
                label=flow.label and flow.label.moved(right, down),
            )
            for flow in body.flows
        ),
    )
