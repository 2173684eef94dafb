"""Points and boxes of a picture, in pixels; y grows downwards."""

from dataclasses import dataclass

FARTHEST = 100_000.0
"""Nothing is drawn farther from the origin than this; a file that says so has no geometry there."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def centre(self) -> Point:
        return Point(self.x + self.width / 2, self.y + self.height / 2)

    def moved(self, right: float, down: float) -> "Box":
        """The same box elsewhere."""
        return Box(self.x + right, self.y + down, self.width, self.height)

    def grown(self, by: float) -> "Box":
        """The box with a margin of that many pixels; a negative one shrinks it."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def touches(self, point: Point) -> bool:
        """Whether the point lies in it or on its edge."""
        return self.x <= point.x <= self.right and self.y <= point.y <= self.bottom

    def holds(self, other: "Box") -> bool:
        """Whether the other lies in it."""
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom

    def overlaps(self, other: "Box") -> bool:
        """Whether they share more than an edge."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


def around(boxes: list[Box]) -> Box:
    """The smallest box that holds all of them. Raises ValueError for none."""
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    return Box(x, y, max(box.right for box in boxes) - x, max(box.bottom for box in boxes) - y)


def towards(box: Box, target: Point, kind: str) -> Point:
    """Where the ray from the box's centre to the target leaves the shape that is drawn in it for that kind of node:
    a circle for an event, a diamond for a gateway, a rectangle for anything else."""
    centre, half_x, half_y = box.centre, box.width / 2, box.height / 2
    right, down = target.x - centre.x, target.y - centre.y
    across, along = abs(right) / half_x, abs(down) / half_y
    if not across and not along:
        return Point(box.right, centre.y)
    if kind.endswith("Event"):
        reach = 1 / (across * across + along * along) ** 0.5
    elif kind.endswith("Gateway"):
        reach = 1 / (across + along)
    else:
        reach = 1 / max(across, along)
    return Point(centre.x + right * reach, centre.y + down * reach)
