"""Where an XPDL diagram draws its elements: boxes, bends and labels, as Bizagi and others write them.

Bizagi's coordinates of nodes and bends are those of the page, a lane's are relative to its pool. An element may have
graphics of several tools (`ToolId`), some without a place or of no size.
"""

import math
from collections.abc import Iterator

from mtd.domain.orders import xml
from mtd.engine.model.geometry import FARTHEST, Box, Point
from mtd.engine.readers.xpdl_tree import child, inside, local


def box_of(element: xml.Element) -> Box | None:
    """The element's box; its width and height are 0 where the file names a place only. None without a place."""
    found = None
    for graphics in inside(element, "NodeGraphicsInfos"):
        corner = next(_places(graphics), None)
        if corner is not None:
            box = Box(corner.x, corner.y, *(_size(graphics, name) for name in ("Width", "Height")))
            if box.width and box.height:
                return box
            found = found or box
    return found


def label_of(element: xml.Element, graphics_name: str = "NodeGraphicsInfos") -> Box | None:
    """The box of its text; of no size where Bizagi names a place only. None where nothing is said."""
    for graphics in inside(element, graphics_name):
        x, y = _number(graphics, "TextX"), _number(graphics, "TextY")
        if x is not None and y is not None:
            return Box(x, y, _size(graphics, "TextWidth"), _size(graphics, "TextHeight"))
    return None


def bends_of(transition: xml.Element) -> tuple[Point, ...]:
    """The points of a flow, its ends included; empty where they are not drawn."""
    for graphics in inside(transition, "ConnectorGraphicsInfos"):
        points = tuple(_places(graphics))
        if len(points) > 1:
            return points
    return ()


def lane_id_of(element: xml.Element) -> str:
    """The id of the lane that the element's graphics name."""
    return next(
        (said for graphics in inside(element, "NodeGraphicsInfos") if (said := graphics.attributes.get("LaneId", ""))),
        "",
    )


def is_expanded(activity: xml.Element) -> bool:
    """Whether a sub-process shows what is in it. Besides XPDL's EXPANDED, Oryx writes EXTENDED."""
    block = child(activity, "BlockActivity")
    return block is not None and block.attributes.get("View", "").upper() in ("EXPANDED", "EXTENDED")


def _places(graphics: xml.Element) -> Iterator[Point]:
    for place in graphics.children:
        if local(place) == "Coordinates":
            x, y = _number(place, "XCoordinate"), _number(place, "YCoordinate")
            if x is not None and y is not None:
                yield Point(x, y)


def _size(graphics: xml.Element, name: str) -> float:
    size = _number(graphics, name) or 0.0
    return size if size >= 1 else 0.0


def _number(element: xml.Element, name: str) -> float | None:
    try:
        number = float(element.attributes.get(name, ""))
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= FARTHEST else None
