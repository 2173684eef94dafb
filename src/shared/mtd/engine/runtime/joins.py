"""When a gateway that joins may go on."""

from collections.abc import Sequence

from mtd.engine.model.plan import Node, NodeKind, Plan
from mtd.engine.model.tokens import Token, Tokens, Waits


def ready_parallel(node: Node, tokens: Tokens, scope: int | None) -> list[Token]:
    """One token of each incoming flow once all have come, else none."""
    first = _first_of_each_flow(node.id, tokens, scope)
    return list(first.values()) if len(first) == len(node.incoming) else []


def ready_inclusive(plan: Plan, tokens: Tokens) -> Sequence[Token]:
    """The tokens that an inclusive join takes next, else none.

    After BPMN 2.0.2, 13.4.3: a join waits for a token elsewhere in its scope that can still come to one of its empty
    flows, unless it can also come to a flow which has one. A boundary event counts as a way out of its activity.
    """
    joins = {(t.node, t.scope) for t in tokens.values() if t.waits is Waits.JOIN and _is_inclusive(plan, t.node)}
    for node_id, scope in sorted(joins, key=str):
        first = _first_of_each_flow(node_id, tokens, scope)
        ways = _ways(plan, node_id)
        if not any(
            _is_awaited(ways.get(token.node), first)
            for token in tokens.values()
            if token.scope == scope and token.host is None and token.node != node_id and token.waits is not Waits.DONE
        ):
            return list(first.values())
    return ()


def _is_inclusive(plan: Plan, node: str) -> bool:
    return plan.nodes[node].kind is NodeKind.INCLUSIVE


def _is_awaited(ways: frozenset[str] | None, arrived: dict[str, Token]) -> bool:
    return bool(ways) and ways is not None and ways.isdisjoint(arrived)


def _first_of_each_flow(node: str, tokens: Tokens, scope: int | None) -> dict[str, Token]:
    first: dict[str, Token] = {}
    for token in sorted(tokens.values(), key=lambda each: each.id):
        if token.node == node and token.scope == scope and token.via is not None:
            first.setdefault(token.via, token)
    return first


def _ways(plan: Plan, join: str) -> dict[str, frozenset[str]]:
    """For each node of the join's scope, the incoming flows of the join that it leads to without passing the join."""
    if join not in plan.reach:
        scope = plan.nodes[join].scope
        sources: dict[str, list[str]] = {}
        found: dict[str, set[str]] = {}
        for node in plan.nodes.values():
            if node.scope == scope:
                found[node.id] = set()
                for target in [flow.to for flow in node.flows] + list(node.boundaries):
                    sources.setdefault(target, []).append(node.id)
        for node in list(plan.nodes.values()):
            for flow in node.flows:
                if flow.to == join and node.id != join:
                    _mark(node.id, flow.id, join, sources, found)
        plan.reach[join] = {node_id: frozenset(flows) for node_id, flows in found.items()}
    return plan.reach[join]


def _mark(start: str, flow: str, join: str, sources: dict[str, list[str]], found: dict[str, set[str]]) -> None:
    pending = [start]
    while pending:
        node = pending.pop()
        if node != join and flow not in found[node]:
            found[node].add(flow)
            pending += sources.get(node, ())
