"""The lanes of an XPDL pool, and which of them an activity lies in: said by its graphics, or found by where it is."""

from mtd.domain.orders import xml
from mtd.engine.model.drawing import DrawnLane
from mtd.engine.model.geometry import Box
from mtd.engine.readers.xpdl_graphics import box_of, lane_id_of
from mtd.engine.readers.xpdl_tree import local, one_line


def drawn_lanes(pool: xml.Element) -> tuple[DrawnLane, ...]:
    """The lanes with a name; where they are drawn, on the page."""
    around = box_of(pool) or Box(0, 0, 0, 0)
    lanes = (
        DrawnLane(name=one_line(lane.attributes.get("Name", "")), box=_on_page(box_of(lane), around))
        for lane in _all(pool, "Lane")
    )
    return tuple(lane for lane in lanes if lane.name)


def lanes_of(pool: xml.Element, process: xml.Element) -> dict[str, str]:
    """The lane's name by activity id, where it lies in one with a name."""
    names = {lane.attributes.get("Id", ""): one_line(lane.attributes.get("Name", "")) for lane in _all(pool, "Lane")}
    boxes = [(lane.box, lane.name) for lane in drawn_lanes(pool) if lane.box]
    found: dict[str, str] = {}
    for activity in _all(process, "Activity"):
        box = box_of(activity)
        drawn = [name for lane, name in boxes if box and lane.touches(box.centre)]
        name = names.get(lane_id_of(activity), "") or next(iter(drawn), "")
        if name:
            found[activity.attributes.get("Id", "")] = name
    return found


def drawn_pool(pool: xml.Element) -> Box | None:
    """The pool's box, where it is visible: Bizagi puts what is in no pool into one that is not."""
    box = box_of(pool)
    shown = pool.attributes.get("BoundaryVisible", "true").lower() != "false"
    return box if box and box.width and box.height and shown else None


def _on_page(lane: Box | None, pool: Box) -> Box | None:
    """Bizagi's lanes are relative to their pool; other tools' are not."""
    if lane is None or not lane.width or not lane.height:
        return None
    moved = lane.moved(pool.x, pool.y)
    return lane if pool.holds(lane) and not pool.grown(1).holds(moved) else moved


def _all(element: xml.Element, name: str) -> list[xml.Element]:
    found = []
    for child in element.children:
        if local(child) == name:
            found.append(child)
        found += _all(child, name)
    return found
