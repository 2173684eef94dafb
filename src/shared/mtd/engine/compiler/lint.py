"""Looks over a plan before orders walk on it. What it finds names the elements as drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from mtd.engine.messages.phrases import Phrase
from mtd.engine.model.plan import EventType, Node, NodeKind, Plan

_ENDS = frozenset({NodeKind.END, NodeKind.TERMINATE, NodeKind.ERROR_END})


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`errors` keep a process from being activated, `warnings` do not."""

    errors: tuple[Phrase, ...]
    warnings: tuple[Phrase, ...]


def lint(plan: Plan) -> Findings:
    """Joins that wait for ever, gateways without default, tasks without error way."""
    errors = list(_stuck_joins(plan))
    errors += [Phrase("gateway_loop", node=each) for each in _gateway_loops(plan)]
    return Findings(errors=tuple(errors), warnings=(*_without_default(plan), *_without_error_way(plan)))


def _nexts(node: Node) -> Iterator[str]:
    yield from (flow.to for flow in node.flows)
    yield from node.boundaries
    if node.first is not None:
        yield node.first


def _reached(plan: Plan, without: EventType | None = None) -> set[str]:
    reached: set[str] = set()
    pending = [plan.start, *plan.starts]
    while pending:
        node_id = pending.pop()
        node = plan.nodes[node_id]
        if node_id not in reached and (without is None or node.trigger is not without):
            reached.add(node_id)
            pending += _nexts(node)
    return reached


def _stuck_joins(plan: Plan) -> Iterator[Phrase]:
    """A parallel join needs, for each two of its branches, a place where the token is split into both."""
    sources = {flow.id: node.id for node in plan.nodes.values() for flow in node.flows}
    before: dict[str, list[str]] = {}
    for node in plan.nodes.values():
        for target in [flow.to for flow in node.flows] + list(node.boundaries):
            before.setdefault(target, []).append(node.id)
    for join in plan.nodes.values():
        if join.kind is NodeKind.PARALLEL and join.incoming:
            pairs = combinations([_Way(flow, sources[flow], join.id, before) for flow in join.incoming], 2)
            if not all(_meet(plan, one, other) for one, other in pairs):
                yield Phrase("branches_never_meet", node=join.name)


class _Way:
    """The nodes that lead to one branch of a join, looked up from the nearest on."""

    def __init__(self, flow: str, node: str, join: str, before: Mapping[str, list[str]]) -> None:
        self.flow = flow
        self.nodes = {node} - {join}
        self._join = join
        self._before = before
        self._edge = list(self.nodes)

    def widen(self) -> bool:
        """Go one step further back; whether there was anything."""
        found = {each for node in self._edge for each in self._before.get(node, ())} - self.nodes - {self._join}
        self.nodes |= found
        self._edge = list(found)
        return bool(found)


def _meet(plan: Plan, one: _Way, other: _Way) -> bool:
    """Whether a token is somewhere split into both ways. Most splits are near, so both are widened step by step."""
    while True:
        if any(_splits(plan.nodes[each], plan, one, other) for each in one.nodes & other.nodes):
            return True
        if not (one.widen() | other.widen()):
            return False


def _splits(node: Node, plan: Plan, one: _Way, other: _Way) -> bool:
    """Whether the node can send a token down each of two ways."""
    if any(not plan.nodes[each].interrupting for each in node.boundaries):
        return True
    if node.kind in (NodeKind.EXCLUSIVE, NodeKind.EVENT_BASED):
        return False
    firsts = [each.id for each in node.flows if each.id == one.flow or each.to in one.nodes]
    seconds = [each.id for each in node.flows if each.id == other.flow or each.to in other.nodes]
    return any(first != second for first in firsts for second in seconds)


def _gateway_loops(plan: Plan) -> Iterator[str]:
    """Gateways and plain events alone in a circle: a token there never rests."""
    resting = _ENDS | {
        NodeKind.SERVICE,
        NodeKind.PERSON,
        NodeKind.MESSAGE,
        NodeKind.TIMER,
        NodeKind.SUB_PROCESS,
        NodeKind.EVENT_BASED,
    }
    passing = dict.fromkeys(
        node.id for node in plan.nodes.values() if node.kind not in resting and len(node.flows) == 1
    )
    seen: set[str] = set()
    for node_id in passing:
        way: list[str] = []
        while node_id in passing and node_id not in seen:
            seen.add(node_id)
            way.append(node_id)
            node_id = plan.nodes[node_id].flows[0].to
        if node_id in way:
            yield plan.nodes[node_id].name


def _without_default(plan: Plan) -> Iterator[Phrase]:
    for node in plan.nodes.values():
        rules = [flow.when for flow in node.flows]
        opposite = len(rules) == 2 and (["not", rules[0]] == rules[1] or ["not", rules[1]] == rules[0])
        if (
            node.kind in (NodeKind.EXCLUSIVE, NodeKind.INCLUSIVE)
            and len(rules) > 1
            and None not in rules
            and not opposite
        ):
            yield Phrase("order_may_stop", node=node.name)


def _without_error_way(plan: Plan) -> Iterator[Phrase]:
    plainly = _reached(plan, without=EventType.ERROR)
    for node in plan.nodes.values():
        # What is reached only after an error handles errors, and needs no error way of its own.
        if node.kind is NodeKind.SERVICE and node.id in plainly and not _is_caught(plan, node):
            yield Phrase("no_error_way", node=node.name)


def _is_caught(plan: Plan, node: Node) -> bool:
    while True:
        if any(plan.nodes[each].trigger is EventType.ERROR for each in node.boundaries):
            return True
        if node.scope is None:
            return False
        node = plan.nodes[node.scope]
