"""The picture in a BPMN document, as tests compare it: boxes and bends by the id of what they draw."""

from dataclasses import dataclass, field, replace

from mtd.domain.orders import xml
from mtd.engine.model.drawing import Body, Drawing, DrawnLane
from mtd.engine.model.geometry import Box, Point


@dataclass
class Picture:
    """`labels` are those with a size; `pages` name what each shows; `closed` are sub-processes that show nothing."""

    boxes: dict[str, list[Box]] = field(default_factory=dict)
    bends: dict[str, tuple[Point, ...]] = field(default_factory=dict)
    labels: dict[str, Box] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    pages: list[str] = field(default_factory=list)
    pools: dict[str, str] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)

    def box(self, element: str) -> Box:
        [box] = self.boxes[element]
        return box


def picture_of(content: bytes) -> Picture:
    found = Picture()
    _gather(xml.parse(content), found)
    return found


def located(drawing: Drawing, picture: Picture) -> Drawing:
    """The drawing with the places of that picture."""
    pools = {process: picture.box(pool) for pool, process in picture.pools.items() if pool in picture.boxes}
    lanes = [DrawnLane(name=name, box=picture.box(each)) for each, name in picture.lanes.items()]
    processes = (
        replace(
            process,
            body=_body(process.body, picture),
            pool=pools.get(process.id),
            lanes=tuple(lane for lane in lanes if lane.name in {node.lane for node in process.body.nodes}),
        )
        for process in drawing.processes
    )
    return replace(drawing, processes=tuple(processes))


def _body(body: Body, picture: Picture) -> Body:
    return Body(
        nodes=tuple(
            replace(
                node,
                box=picture.box(node.id),
                expanded=node.id not in picture.closed,
                body=node.body and _body(node.body, picture),
            )
            for node in body.nodes
        ),
        flows=tuple(replace(flow, bends=picture.bends[flow.id]) for flow in body.flows),
    )


def _gather(element: xml.Element, found: Picture) -> None:
    local, said = element.tag.rpartition("}")[2], element.attributes
    drawn = said.get("bpmnElement", "")
    if local == "BPMNShape":
        [bounds] = [each for each in element.children if each.tag.endswith("}Bounds")]
        found.boxes.setdefault(drawn, []).append(_bounds(bounds))
        if said.get("isExpanded") == "false":
            found.closed.add(drawn)
    elif local == "BPMNEdge":
        found.bends[drawn] = tuple(_point(each) for each in element.children if each.tag.endswith("}waypoint"))
    elif local == "BPMNPlane":
        found.pages.append(drawn)
    elif local == "participant":
        found.pools[said["id"]] = said.get("processRef", "")
    elif local == "lane":
        found.lanes[said["id"]] = said.get("name", "")
    for child in element.children:
        if child.tag.endswith("}BPMNLabel"):
            boxes = [_bounds(each) for each in child.children if each.tag.endswith("}Bounds")]
            found.labels.update((drawn, box) for box in boxes if box.width)
        else:
            _gather(child, found)


def _bounds(element: xml.Element) -> Box:
    return Box(*(float(element.attributes[name]) for name in ("x", "y", "width", "height")))


def _point(element: xml.Element) -> Point:
    return Point(float(element.attributes["x"]), float(element.attributes["y"]))
