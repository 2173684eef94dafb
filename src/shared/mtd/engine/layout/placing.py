"""A process with a place for all that is in it: what the file draws stays where it is, the rest is placed.

Files say too little: no graphics at all, a place without a size, all nodes at the same place, coordinates in a
sub-process that are the page's, its own or those of another page. And what the import adds (a start, an end) nobody
has drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mtd.engine.layout.layering import layered
from mtd.engine.layout.routing import route
from mtd.engine.layout.sizes import hosts_of, inside_of, moved, on_host, seat, size_of
from mtd.engine.model.drawing import Body, DrawnLane, DrawnNode, DrawnProcess, Surroundings
from mtd.engine.model.geometry import Box, Point, around

_MOST_ADDED = 100
"""A drawing that lacks more nodes than these is laid out anew, as one is that lacks the half of them."""
_BESIDE, _LOWER, _TRIES = 50.0, 45.0, 20
_POOL_HEADER, _MARGIN = 30.0, 10.0


def placed(process: DrawnProcess) -> DrawnProcess:
    """Every node has a box of some size, every flow has two bends or more that begin and end at the edges of its nodes;
    a pool is around lanes that are shown. A sub-process that is not `expanded` has its inside on a page of its own."""
    body = _with_insides(process.body)
    if drawn := _drawn(body):
        body = _completed(body, drawn)
        pool, lanes = _frame(process, list(drawn.values()), inside_of(body))
        return replace(process, body=body, pool=pool, lanes=lanes)
    used = {node.lane for node in body.nodes if node.lane}
    names = dict.fromkeys([*(lane.name for lane in process.lanes if lane.name in used), *sorted(used)])
    body, lanes = layered(body, list(names))
    pool = around([*(lane.box for lane in lanes if lane.box), inside_of(body).grown(_MARGIN)]) if lanes else None
    shown = pool and Box(pool.x - _POOL_HEADER, pool.y, pool.width + _POOL_HEADER, pool.height)
    return replace(process, body=body, pool=shown, lanes=lanes, around=Surroundings())


def _with_insides(body: Body) -> Body:
    nodes = tuple(replace(node, body=_inside(node.body)) if node.body else node for node in body.nodes)
    return _kept_in_frames(Body(nodes=nodes, flows=body.flows))


def _inside(body: Body) -> Body:
    body = _with_insides(body)
    drawn = _drawn(body)
    return _completed(body, drawn) if drawn else layered(body, ())[0]


def _kept_in_frames(body: Body) -> Body:
    """Sub-processes whose inside has a place in their box; those that show it and have none are closed."""
    return Body(nodes=tuple(_framed(node) for node in body.nodes), flows=body.flows)


def _framed(node: DrawnNode) -> DrawnNode:
    box = node.box
    if node.body is None or not node.body.nodes or not node.expanded or box is None or not box.width or not box.height:
        return node
    inside = inside_of(node.body)
    if box.grown(1).holds(inside):
        return node
    if Box(0, 0, box.width, box.height).grown(1).holds(inside):
        return replace(node, body=moved(node.body, box.x, box.y))
    larger = around([box, inside.grown(_MARGIN)])
    if box.touches(inside.centre) and larger.width * larger.height <= 2 * box.width * box.height:
        return replace(node, box=larger)
    return replace(node, expanded=False)


def _drawn(body: Body) -> dict[str, Box]:
    """The boxes that can be kept; none where too much is missing for the drawing to be worth keeping."""
    found: dict[str, Box] = {}
    corners: set[Point] = set()
    guests = hosts_of(body)
    stations = [node for node in body.nodes if node.id not in guests]
    for node in stations:
        if node.box is None or node.box == Box(0, 0, 0, 0):
            continue
        width, height = size_of(node)
        box = Box(node.box.x, node.box.y, node.box.width or width, node.box.height or height)
        if Point(box.x, box.y) not in corners:
            corners.add(Point(box.x, box.y))
            found[node.id] = box
    missing = len(stations) - len(found)
    return found if missing <= min(len(found), _MOST_ADDED) else {}


def _completed(body: Body, drawn: Mapping[str, Box]) -> Body:
    placed = {node.id: replace(node, box=drawn[node.id]) for node in body.nodes if node.id in drawn}
    added = _beside_neighbours(body, drawn)
    placed |= {node.id: seat(replace(node, label=None), added[node.id]) for node in body.nodes if node.id in added}
    kept, by_id = set(drawn), {node.id: node for node in body.nodes}
    guests: dict[str, list[DrawnNode]] = {}
    for guest, host in hosts_of(body).items():
        guests.setdefault(host, []).append(by_id[guest])
    for host, its in guests.items():
        for node, at_edge in zip(its, on_host(its, placed[host]), strict=True):
            sits = host in drawn and _sits(node, placed[host])
            placed[node.id] = node if sits else replace(at_edge, label=None)
            kept |= {node.id} if sits else set()
    flows = tuple(
        replace(
            flow,
            bends=route(
                flow.bends if {flow.source, flow.target} <= kept else (), placed[flow.source], placed[flow.target]
            ),
        )
        for flow in body.flows
        if flow.source in placed and flow.target in placed
    )
    return Body(nodes=tuple(placed[node.id] for node in body.nodes), flows=flows)


def _sits(guest: DrawnNode, host: DrawnNode) -> bool:
    """Whether a boundary event is drawn on the edge of its host."""
    if guest.box is None or host.box is None or not guest.box.width or not guest.box.height:
        return False
    return guest.box.overlaps(host.box.grown(2)) and not host.box.grown(-2).holds(guest.box)


def _beside_neighbours(body: Body, drawn: Mapping[str, Box]) -> dict[str, Box]:
    """A box for each node that has none: right of one that leads to it, else left of one that it leads to."""
    guests = hosts_of(body)
    boxes = dict(drawn)
    todo = [node for node in body.nodes if node.id not in drawn and node.id not in guests]
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for flow in body.flows:
        source = guests.get(flow.source, flow.source)
        before.setdefault(flow.target, []).append(source)
        after.setdefault(source, []).append(flow.target)
    everything = around(list(drawn.values()))
    while todo:
        count = len(todo)
        for node in list(todo):
            width, height = size_of(node)
            leads = next((boxes[each] for each in before.get(node.id, ()) if each in boxes), None)
            led = next((boxes[each] for each in after.get(node.id, ()) if each in boxes), None)
            if leads:
                wanted = Box(leads.right + _BESIDE, leads.centre.y - height / 2, width, height)
            elif led:
                wanted = Box(led.x - _BESIDE - width, led.centre.y - height / 2, width, height)
            elif count == len(todo):
                wanted = Box(everything.x, everything.bottom + _BESIDE, width, height)
            else:
                continue
            boxes[node.id] = _free(wanted, boxes)
            todo.remove(node)
    return {node_id: box for node_id, box in boxes.items() if node_id not in drawn}


def _free(wanted: Box, boxes: Mapping[str, Box]) -> Box:
    for _ in range(_TRIES):
        if not any(wanted.grown(5).overlaps(box) for box in boxes.values()):
            break
        wanted = wanted.moved(0, _LOWER)
    return wanted


def _frame(process: DrawnProcess, drawn: Sequence[Box], inside: Box) -> tuple[Box | None, tuple[DrawnLane, ...]]:
    """The pool, wider where something was added, and its lanes; none where it is not seen or drawn elsewhere."""
    pool = process.pool
    if pool is None or sum(map(pool.holds, drawn)) * 2 < len(drawn):
        return None, tuple(replace(lane, box=None) for lane in process.lanes)
    lanes = tuple(
        lane if lane.box and pool.grown(1).holds(lane.box) else replace(lane, box=None) for lane in process.lanes
    )
    headers = _POOL_HEADER * (2 if any(lane.box for lane in lanes) else 1)
    needed = Box(inside.x - headers, inside.y, inside.width + headers, inside.height)
    if pool.grown(1).holds(needed):
        return pool, lanes
    wider = around([pool, needed.grown(_MARGIN)])
    left, right = wider.x + _POOL_HEADER, wider.right
    return wider, tuple(
        replace(lane, box=lane.box and Box(left, lane.box.y, right - left, lane.box.height)) for lane in lanes
    )
