"""The ways of flows between the boxes of their nodes: as drawn, cut where they enter; at angles where none is drawn."""

from collections.abc import Sequence

from mtd.engine.model.drawing import DrawnNode
from mtd.engine.model.geometry import Box, Point, towards

_NEAR, _ASTRAY = 2.0, 60.0
_AROUND = 30.0


def route(bends: Sequence[Point], source: DrawnNode, target: DrawnNode) -> tuple[Point, ...]:
    """At least two points, the first at the source's edge and the last at the target's. Both have a box.

    Bends that begin or end far from their nodes are not the page's (some tools write offsets): they are left out.
    """
    assert source.box is not None
    assert target.box is not None
    points = [point for number, point in enumerate(bends) if not number or point != bends[number - 1]]
    if points and source.box.grown(_ASTRAY).touches(points[0]) and target.box.grown(_ASTRAY).touches(points[-1]):
        points = _leaving(source.box, source.kind, points)
        points = _leaving(target.box, target.kind, points[::-1])[::-1]
    else:
        points = []
    if len(points) > 1 and points[0] != points[-1]:
        return tuple(points)
    return _loop(source.box) if source.id == target.id else _at_angles(source.box, target.box)


def _leaving(box: Box, kind: str, points: list[Point]) -> list[Point]:
    """The points from where they leave the box; none where they never do."""
    room, within = box.grown(_NEAR), 0
    while within < len(points) and room.touches(points[within]):
        within += 1
    rest = points[within:]
    if not rest:
        return []
    last = points[within - 1] if within else box.centre
    core = box.grown(-_NEAR)
    if within and not core.touches(last):
        edge = Point(min(max(last.x, box.x), box.right), min(max(last.y, box.y), box.bottom))
    elif not within or last == box.centre:
        edge = towards(box, rest[0], kind)
    else:
        edge = _crossing(box, last, rest[0])
    return [edge, *rest]


def _crossing(box: Box, inside: Point, outside: Point) -> Point:
    """Where the line between the two leaves the box."""
    right, down = outside.x - inside.x, outside.y - inside.y
    reaches = [1.0]
    if right:
        reaches.append(((box.right if right > 0 else box.x) - inside.x) / right)
    if down:
        reaches.append(((box.bottom if down > 0 else box.y) - inside.y) / down)
    reach = min(reaches)
    return Point(inside.x + right * reach, inside.y + down * reach)


def _at_angles(source: Box, target: Box) -> tuple[Point, ...]:
    start, end = source.centre, target.centre
    if target.x > source.right:
        middle = (source.right + target.x) / 2
        first, last = Point(source.right, start.y), Point(target.x, end.y)
        return (first, last) if start.y == end.y else (first, Point(middle, start.y), Point(middle, end.y), last)
    if source.x <= end.x <= source.right and (target.y > source.bottom or source.y > target.bottom):
        down = target.y > source.bottom
        return Point(end.x, source.bottom if down else source.y), Point(end.x, target.y if down else target.bottom)
    below = max(source.bottom, target.bottom) + _AROUND
    return Point(start.x, source.bottom), Point(start.x, below), Point(end.x, below), Point(end.x, target.bottom)


def _loop(box: Box) -> tuple[Point, ...]:
    right, below, centre = box.right + _AROUND, box.bottom + _AROUND, box.centre
    return (
        Point(box.right, centre.y),
        Point(right, centre.y),
        Point(right, below),
        Point(centre.x, below),
        Point(centre.x, box.bottom),
    )
