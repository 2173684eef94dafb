"""Looks over a plan before orders walk on it. Findings name the elements as drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
    warnings = (*_without_end(plan), *_without_default(plan), *_without_error_way(plan))
    return Findings(errors=tuple(errors), warnings=warnings)


def _nexts(node: Node) -> Iterator[str]:
    yield from (flow.to for flow in node.flows)
    yield from node.boundaries
    if node.compensation is not None:
        yield node.compensation
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
        if join.kind is NodeKind.PARALLEL and join.incoming and not _Branches(plan, join, before).meet(sources):
            yield Phrase("branches_never_meet", node=join.name)


class _Branches:
    """The branches of a join as the bits of a number: `_ways` holds, by node, those that a token there can come to."""

    def __init__(self, plan: Plan, join: Node, before: Mapping[str, list[str]]) -> None:
        self._plan = plan
        self._join = join.id
        self._before = before
        self._bits = {flow: 1 << position for position, flow in enumerate(join.incoming)}
        self._ways: dict[str, int] = {}
        self._with = list(self._bits.values())
        """By branch, those that run at the same time as it."""

    def meet(self, sources: Mapping[str, str]) -> bool:
        """Whether each two can run at once. Most splits are near, so the way back is gone step by step."""
        every = (1 << len(self._bits)) - 1
        edge = {sources[flow] for flow in self._bits} - {self._join}
        while edge:
            following: set[str] = set()
            for node_id in edge:
                if self._look(self._plan.nodes[node_id]):
                    following.update(self._before.get(node_id, ()))
            if all(each == every for each in self._with):
                return True
            edge = following - {self._join}
        return False

    def _look(self, node: Node) -> bool:
        """Take up what the node leads to; whether that has become more."""
        flows = [self._bits.get(flow.id, 0) | self._ways.get(flow.to, 0) for flow in node.flows]
        ways = 0
        for each in (*flows, *(self._ways.get(boundary, 0) for boundary in node.boundaries)):
            ways |= each
        if any(not self._plan.nodes[each].interrupting for each in node.boundaries):
            self._pair(ways, ways)
        elif node.kind not in (NodeKind.EXCLUSIVE, NodeKind.EVENT_BASED):
            for position, one in enumerate(flows):
                others = 0
                for other in flows[:position] + flows[position + 1 :] if one else ():
                    others |= other
                self._pair(one, others)
        grown = ways != self._ways.get(node.id, 0)
        self._ways[node.id] = ways
        return grown

    def _pair(self, ones: int, others: int) -> None:
        while ones and others:
            lowest = ones & -ones
            self._with[lowest.bit_length() - 1] |= others
            ones ^= lowest


def _gateway_loops(plan: Plan) -> Iterator[str]:
    """Gateways and plain events alone in a circle: a token there never rests."""
    resting = _ENDS | {
        NodeKind.SERVICE,
        NodeKind.PERSON,
        NodeKind.MESSAGE,
        NodeKind.SIGNAL,
        NodeKind.CONDITION,
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


def _without_end(plan: Plan) -> Iterator[Phrase]:
    """Nodes from where no way leads to an end: the first of them is told."""
    before: dict[str, list[str]] = {}
    for node in plan.nodes.values():
        for target in [flow.to for flow in node.flows] + list(node.boundaries):
            before.setdefault(target, []).append(node.id)
    pending = [node.id for node in plan.nodes.values() if not node.flows]
    ending: set[str] = set()
    while pending:
        if (each := pending.pop()) not in ending:
            ending.add(each)
            pending += before.get(each, ())
    going_round = [node.name for node in plan.nodes.values() if node.id not in ending]
    if going_round:
        yield Phrase("never_ends", node=going_round[0], count=len(going_round))


def _without_default(plan: Plan) -> Iterator[Phrase]:
    # A person's form takes no other answer than one of the flows'.
    works = [node.work for node in plan.nodes.values() if node.work is not None]
    answered = {name for work in works for each in work.choices for name in (each.name, f"{each.name}_split")}
    for node in plan.nodes.values():
        if node.id in answered:
            continue
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
