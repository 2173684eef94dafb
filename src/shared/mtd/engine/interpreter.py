"""Moves a token along a plan. Pure: facts in, places out; no clock, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass

from mtd.domain.errors import ProcessError
from mtd.engine.plan import Kind, Node, Plan

# Longer than any chain of gateways a person would draw; a loop of gateways alone never rests.
_LONGEST_CHAIN = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where one move leads: the nodes where tokens rest, and the end events that were reached."""

    rests: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


def start(plan: Plan, facts: Mapping[str, bool]) -> Step:
    """The first places of a new case."""
    return _advance(plan, plan.start, facts)


def complete(plan: Plan, node: str, facts: Mapping[str, bool]) -> Step:
    """Where the token of a finished task goes.

    Raises ProcessError when the node is not in the plan or no flow fits.
    """
    return _leave(plan, _node(plan, node), facts)


def fail(plan: Plan, node: str, facts: Mapping[str, bool]) -> Step:
    """Where the boundary error event of a failed task leads.

    Raises ProcessError when the task has none: the lint before activation demands one of every service task.
    """
    target = _node(plan, node).on_error
    if target is None:
        raise ProcessError(f"{node!r} of {plan.process!r} has no boundary error event", code="no_error_way")
    return _advance(plan, target, facts)


def _node(plan: Plan, node: str) -> Node:
    try:
        return plan.nodes[node]
    except KeyError:
        raise ProcessError(f"{plan.process!r} has no node {node!r}", code="no_such_node") from None


def _leave(plan: Plan, node: Node, facts: Mapping[str, bool]) -> Step:
    return _advance(plan, _choose(plan, node, facts), facts)


def _choose(plan: Plan, node: Node, facts: Mapping[str, bool]) -> str:
    if node.kind is Kind.EXCLUSIVE and len(node.flows) > 1:
        if node.fact is None or node.fact not in facts:
            raise ProcessError(f"gateway {node.name!r} asks for the unknown fact {node.fact!r}", code="unknown_fact")
        for flow in node.flows:
            if flow.when == facts[node.fact]:
                return flow.to
    for flow in node.flows:
        if flow.when is None:
            return flow.to
    raise ProcessError(f"no flow of {node.name!r} in {plan.process!r} fits", code="no_flow")


def _advance(plan: Plan, node_id: str, facts: Mapping[str, bool]) -> Step:
    for _ in range(_LONGEST_CHAIN):
        node = _node(plan, node_id)
        if node.kind is Kind.SERVICE:
            return Step(rests=(node_id,))
        if node.kind is Kind.END:
            return Step(ends=(node_id,))
        node_id = _choose(plan, node, facts)
    raise ProcessError(f"{plan.process!r} loops through gateways without end", code="endless_loop")
