"""Which lane an activity of an XPDL diagram lies in: said by its graphics, or else found by where it is drawn."""

from dataclasses import dataclass

from mtd.domain import xml


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float) -> bool:
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


def lanes_of(pool: xml.Element, process: xml.Element) -> dict[str, str]:
    """The lane's name by activity id, where it lies in one with a name. Bizagi's lanes are relative to their pool."""
    corner = _box(pool) or _Box(0, 0, 0, 0)
    names: dict[str, str] = {}
    boxes: list[tuple[_Box, str]] = []
    for lane in _all(pool, "Lane"):
        name = lane.attributes.get("Name", "")
        names[lane.attributes.get("Id", "")] = name
        box = _box(lane)
        if box and name:
            boxes.append((_Box(box.x + corner.x, box.y + corner.y, box.width, box.height), name))
    found: dict[str, str] = {}
    for activity in _all(process, "Activity"):
        graphics = next(iter(_all(activity, "NodeGraphicsInfo")), None)
        said = names.get(graphics.attributes.get("LaneId", ""), "") if graphics else ""
        box = _box(activity)
        drawn = [name for lane, name in boxes if box and lane.holds(box.x + box.width / 2, box.y + box.height / 2)]
        lane_name = said or next(iter(drawn), "")
        if lane_name:
            found[activity.attributes.get("Id", "")] = lane_name
    return found


def _all(element: xml.Element, name: str) -> list[xml.Element]:
    found = []
    for child in element.children:
        if child.tag.rpartition("}")[2] == name:
            found.append(child)
        found += _all(child, name)
    return found


def _box(element: xml.Element) -> _Box | None:
    graphics = next(iter(_all(element, "NodeGraphicsInfo")), None)
    corner = next(iter(_all(graphics, "Coordinates")), None) if graphics else None
    if graphics is None or corner is None:
        return None
    try:
        return _Box(
            float(corner.attributes.get("XCoordinate", "0")),
            float(corner.attributes.get("YCoordinate", "0")),
            float(graphics.attributes.get("Width", "0")),
            float(graphics.attributes.get("Height", "0")),
        )
    except ValueError:
        return None
