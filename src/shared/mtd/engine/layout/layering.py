"""A picture from left to right for a body that nobody has drawn: a column for each step, a row for each branch.

A flow runs in the gaps between columns and rows wherever another node would be in its way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mtd.engine.layout.routing import route
from mtd.engine.layout.sizes import hosts_of, on_host, seat, size_of
from mtd.engine.model.drawing import Body, DrawnFlow, DrawnLane, DrawnNode
from mtd.engine.model.geometry import Box, Point

_BETWEEN_COLUMNS, _BETWEEN_ROWS, _CHANNEL = 60.0, 70.0, 48.0
_LANE_HEADER, _LANE_MARGIN = 30.0, 25.0
_FARTHEST_LOOK = 50
"""A flow over more columns than these runs below its row without a look at what is between."""


def layered(body: Body, lanes: Sequence[str]) -> tuple[Body, tuple[DrawnLane, ...]]:
    """The body with all of its boxes and bends, and a lane around the rows of each of the names given, in that order.
    The contents of sub-processes have their boxes already and move with them."""
    return _Layers(body, lanes).drawn()


class _Layers:
    def __init__(self, body: Body, lanes: Sequence[str]) -> None:
        self._body = body
        self._lanes = list(lanes)
        self._nodes = {node.id: node for node in body.nodes}
        self._hosts = hosts_of(body)
        self._stations = [node for node in body.nodes if node.id not in self._hosts]
        self._flows = [
            flow
            for flow in body.flows
            if flow.source in self._nodes and flow.target in self._nodes and flow.target not in self._hosts
        ]
        self._columns: dict[str, int] = {}
        self._rows: dict[str, tuple[int, int]] = {}
        self._order = self._ranked()
        self._seat_rows()
        self._taken = {(self._rows[node.id], self._columns[node.id]) for node in self._stations}
        self._measure()

    def drawn(self) -> tuple[Body, tuple[DrawnLane, ...]]:
        placed = {node.id: seat(node, self._box(node)) for node in self._stations}
        for host in dict.fromkeys(self._hosts.values()):
            guests = [self._nodes[each] for each, its in self._hosts.items() if its == host]
            placed |= {node.id: node for node in on_host(guests, placed[host])}
        flows = [
            replace(flow, bends=route(self._way(flow, placed), placed[flow.source], placed[flow.target]))
            for flow in self._flows
        ]
        nodes = tuple(placed[node.id] for node in self._body.nodes)
        return Body(nodes=nodes, flows=tuple(flows)), tuple(self._bands())

    def _ranked(self) -> list[str]:
        """The stations so that flows lead onwards but for those that lead back, and each one's column."""
        nexts: dict[str, list[str]] = {node.id: [] for node in self._stations}
        for flow in self._flows:
            nexts[self._hosts.get(flow.source, flow.source)].append(flow.target)
        first = sorted(self._stations, key=lambda node: node.kind == "startEvent")
        order = _reverse_postorder([node.id for node in first], nexts)
        position = {node_id: number for number, node_id in enumerate(order)}
        self._columns = dict.fromkeys(order, 0)
        for node_id in order:
            for follower in nexts[node_id]:
                if position[follower] > position[node_id]:
                    self._columns[follower] = max(self._columns[follower], self._columns[node_id] + 1)
        return sorted(order, key=lambda node_id: self._columns[node_id])

    def _seat_rows(self) -> None:
        """The row of each station within its lane: that of the first one that leads to it, or the next one free."""
        before: dict[str, tuple[str, int]] = {}
        for flow in self._flows:
            source = self._hosts.get(flow.source, flow.source)
            if self._columns[source] < self._columns[flow.target]:
                before.setdefault(flow.target, (source, int(flow.source in self._hosts)))
        free: dict[tuple[int, int, int], int] = {}
        for node_id in self._order:
            lane, column = self._lane(self._nodes[node_id]), self._columns[node_id]
            source, lower = before.get(node_id, ("", 0))
            beside = source in self._rows and self._rows[source][0] == lane
            wanted = row = self._rows[source][1] + lower if beside else 0
            while (lane, column, row) in free:
                row = free[lane, column, row]
            free[lane, column, row] = free[lane, column, wanted] = row + 1
            self._rows[node_id] = (lane, row)

    def _lane(self, node: DrawnNode) -> int:
        return self._lanes.index(node.lane) + 1 if node.lane in self._lanes else 0

    def _measure(self) -> None:
        """Left and width of each column, top and height of each row, top of each lane."""
        sizes = {node.id: size_of(node) for node in self._stations}
        widths: dict[int, float] = {}
        heights: dict[tuple[int, int], float] = {}
        for node_id, (width, height) in sizes.items():
            widths[self._columns[node_id]] = max(widths.get(self._columns[node_id], 0.0), width)
            heights[self._rows[node_id]] = max(heights.get(self._rows[node_id], 0.0), height)
        self._lefts = _stacked(_LANE_MARGIN, ((column, widths[column]) for column in sorted(widths)), _BETWEEN_COLUMNS)
        self._tops: dict[tuple[int, int], tuple[float, float]] = {}
        self._edges: dict[int, tuple[float, float]] = {}
        top = 0.0
        for lane in sorted({row[0] for row in heights} | set(range(1, len(self._lanes) + 1))):
            rows = sorted(row for row in heights if row[0] == lane)
            start = top + _LANE_MARGIN
            self._tops |= _stacked(start, ((row, heights[row]) for row in rows), _BETWEEN_ROWS)
            end = max((self._tops[row][0] + self._tops[row][1] for row in rows), default=start) + _BETWEEN_ROWS
            self._edges[lane] = (top, end)
            top = end

    def _box(self, node: DrawnNode) -> Box:
        left, widest = self._lefts[self._columns[node.id]]
        top, highest = self._tops[self._rows[node.id]]
        width, height = size_of(node)
        return Box(left + (widest - width) / 2, top + (highest - height) / 2, width, height)

    def _way(self, flow: DrawnFlow, placed: dict[str, DrawnNode]) -> list[Point]:
        """The bends of a flow, from the middle of its source to that of its target; none for a loop."""
        source, target = self._hosts.get(flow.source, flow.source), flow.target
        start, end = _centre(placed[flow.source]), _centre(placed[target])
        if source == target:
            return []
        here, there = self._columns[source], self._columns[target]
        after = sum(self._lefts[here]) + _BETWEEN_COLUMNS / 2
        before = self._lefts[there][0] - _BETWEEN_COLUMNS / 2
        below = sum(self._tops[self._rows[source]]) + _CHANNEL
        if flow.source in self._hosts:
            return [start, Point(start.x, below), Point(before, below), Point(before, end.y), end]
        if here < there and self._clear(self._rows[source], here, there):
            turns = [Point(before, start.y), Point(before, end.y)] if start.y != end.y else []
            return [start, *turns, end]
        if here < there and self._clear(self._rows[target], here, there):
            return [start, Point(after, start.y), Point(after, end.y), end]
        aside = [Point(after, start.y), Point(after, below), Point(before, below), Point(before, end.y)]
        return [start, *aside, end]

    def _clear(self, row: tuple[int, int], here: int, there: int) -> bool:
        between = range(here + 1, there)
        return len(between) < _FARTHEST_LOOK and not any((row, column) in self._taken for column in between)

    def _bands(self) -> Iterable[DrawnLane]:
        right = max((left + width for left, width in self._lefts.values()), default=0.0) + _BETWEEN_COLUMNS / 2
        for number, name in enumerate(self._lanes, start=1):
            top, bottom = self._edges[number]
            left = -_LANE_HEADER
            yield DrawnLane(name=name, box=Box(left, top, right - left, bottom - top))


def _reverse_postorder(roots: Sequence[str], nexts: dict[str, list[str]]) -> list[str]:
    """All that the roots lead to, the last root's first: before what they lead to, as far as there are no circles."""
    seen: set[str] = set()
    done: list[str] = []
    for root in roots:
        todo = [] if root in seen else [(root, reversed(nexts[root]))]
        seen.add(root)
        while todo:
            node_id, followers = todo[-1]
            follower = next((each for each in followers if each not in seen), None)
            if follower is None:
                todo.pop()
                done.append(node_id)
            else:
                seen.add(follower)
                todo.append((follower, reversed(nexts[follower])))
    return done[::-1]


def _stacked[Key](start: float, sizes: Iterable[tuple[Key, float]], gap: float) -> dict[Key, tuple[float, float]]:
    """Where each begins, one after the other, and its size."""
    found: dict[Key, tuple[float, float]] = {}
    for key, size in sizes:
        found[key] = (start, size)
        start += size + gap
    return found


def _centre(node: DrawnNode) -> Point:
    assert node.box is not None
    return node.box.centre
