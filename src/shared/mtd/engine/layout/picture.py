"""The picture in a BPMN document: shapes, edges and labels; a page for the process, one for each closed sub-process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol
from xml.sax.saxutils import quoteattr as _q

from mtd.engine.model.drawing import Body, DrawnFlow, DrawnNode, DrawnProcess
from mtd.engine.model.geometry import Box, Point, around

_LETTER, _LINE, _NARROWEST, _WIDEST = 6.5, 14.0, 30.0, 90.0
"""Pixels of a letter, of a line, and of a label before it breaks, in the viewer's own type."""
_NEAR_FLOW, _NEAR_NODE = 40.0, 60.0


class PictureIds(Protocol):
    """The ids of the document."""

    def node(self, body: Body, node_id: str) -> str: ...

    def other(self, wanted: str) -> str: ...


def picture(
    process: DrawnProcess,
    ids: PictureIds,
    flows: Mapping[tuple[int, int], str],
    *,
    plane: str,
    pool: str,
    lanes: Sequence[str],
    beside: str = "",
) -> str:
    """`plane` is the id of what the first page shows; `flows` are their ids by body and number. `beside` are the shapes
    of what does not run."""
    frame = _shape(ids, pool, process.pool, ' isHorizontal="true"') if process.pool else ""
    for lane_id, lane in zip(lanes, process.lanes, strict=True):
        frame += _shape(ids, lane_id, lane.box, ' isHorizontal="true"') if lane.box and process.pool else ""
    closed: list[tuple[str, Body]] = []
    pages = [_page(ids, plane, frame + "".join(_body(process.body, ids, flows, closed)) + beside)]
    while closed:
        sub_process, body = closed.pop(0)
        pages.append(_page(ids, sub_process, "".join(_body(body, ids, flows, closed))))
    return "".join(pages)


def _page(ids: PictureIds, element: str, shapes: str) -> str:
    return (
        f"<bpmndi:BPMNDiagram id={_q(ids.other('diagram'))}><bpmndi:BPMNPlane id={_q(ids.other('plane'))} "
        f"bpmnElement={_q(element)}>{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
    )


def _body(
    body: Body, ids: PictureIds, flows: Mapping[tuple[int, int], str], closed: list[tuple[str, Body]]
) -> Iterator[str]:
    nodes = {node.id: node for node in body.nodes}
    # What comes later lies above: events on the edge of an activity must.
    for node in sorted(body.nodes, key=lambda each: each.kind == "boundaryEvent"):
        node_id = ids.node(body, node.id)
        more = f' isExpanded="{"true" if node.expanded else "false"}"' if node.body else ""
        assert node.box is not None
        yield _shape(ids, node_id, node.box, more, _node_label(node, nodes.get(node.attached_to)))
        if node.body and node.body.nodes:
            if node.expanded:
                yield from _body(node.body, ids, flows, closed)
            else:
                closed.append((node_id, node.body))
    for number, flow in enumerate(body.flows):
        yield _edge(ids, flows[id(body), number], flow)


def shape_xml(other: Callable[[str], str], element: str, box: Box, more: str = "") -> str:
    """The shape of an element without a label of its own."""
    return (
        f"<bpmndi:BPMNShape id={_q(other(f'{element}_di'))} bpmnElement={_q(element)}{more}>{_bounds(box)}"
        "</bpmndi:BPMNShape>"
    )


def edge_xml(other: Callable[[str], str], element: str, bends: Sequence[Point]) -> str:
    """The edge of a line without a label."""
    return (
        f"<bpmndi:BPMNEdge id={_q(other(f'{element}_di'))} bpmnElement={_q(element)}>{_waypoints(bends)}"
        "</bpmndi:BPMNEdge>"
    )


def _waypoints(bends: Sequence[Point]) -> str:
    return "".join(f'<di:waypoint x="{_pixels(point.x)}" y="{_pixels(point.y)}" />' for point in bends)


def _shape(ids: PictureIds, element: str, box: Box | None, more: str = "", label: Box | None = None) -> str:
    assert box is not None
    return (
        f"<bpmndi:BPMNShape id={_q(ids.other(f'{element}_di'))} bpmnElement={_q(element)}{more}>{_bounds(box)}"
        f"{_label(label)}</bpmndi:BPMNShape>"
    )


def _edge(ids: PictureIds, element: str, flow: DrawnFlow) -> str:
    return (
        f"<bpmndi:BPMNEdge id={_q(ids.other(f'{element}_di'))} bpmnElement={_q(element)}>{_waypoints(flow.bends)}"
        f"{_label(_flow_label(flow))}</bpmndi:BPMNEdge>"
    )


def _node_label(node: DrawnNode, host: DrawnNode | None) -> Box | None:
    """The place of an event's or gateway's text, where the file has one that is believable. That of an event on an edge
    is else beside the flow that leaves it."""
    if not node.kind.endswith(("Event", "Gateway")) or not node.name or node.box is None:
        return None
    if node.label and node.label != Box(0, 0, 0, 0):
        label = _sized(node.label, node.name)
        if node.box.grown(_NEAR_NODE).overlaps(label):
            return label
    if host is None or host.box is None:
        return None
    label = _sized(Box(0, 0, 0, 0), node.name)
    above = node.box.centre.y < host.box.centre.y
    return label.moved(
        node.box.centre.x - label.width - 2, node.box.y - label.height - 2 if above else node.box.bottom + 2
    )


def _flow_label(flow: DrawnFlow) -> Box | None:
    """Bizagi writes a place for every flow's text, wherever one was last; one far from its flow is none."""
    if not flow.name or flow.label is None:
        return None
    label = _sized(flow.label, flow.name)
    way = around([Box(point.x, point.y, 0, 0) for point in flow.bends])
    return label if way.grown(_NEAR_FLOW).overlaps(label) else None


def _sized(label: Box, text: str) -> Box:
    width = min(max(len(text) * _LETTER, _NARROWEST), _WIDEST)
    lines = max(1, round(len(text) * _LETTER / _WIDEST + 0.3))
    return Box(label.x, label.y, label.width or width, label.height or lines * _LINE)


def _label(box: Box | None) -> str:
    return f"<bpmndi:BPMNLabel>{_bounds(box)}</bpmndi:BPMNLabel>" if box else ""


def _bounds(box: Box) -> str:
    return (
        f'<dc:Bounds x="{_pixels(box.x)}" y="{_pixels(box.y)}" width="{_pixels(box.width)}" '
        f'height="{_pixels(box.height)}" />'
    )


def _pixels(number: float) -> str:
    return f"{round(number, 1):.10g}"
