"""A stored version of a process as part of another plan that calls it."""

from dataclasses import replace

from mtd.engine.messages.naming import unique
from mtd.engine.model.plan import Node, Plan


def embedded(plan: Plan, scope: str, taken: dict[str, int], taken_flows: dict[str, int]) -> tuple[dict[str, Node], str]:
    """The plan's nodes in the scope of the call, with ids of their own, and the one where it begins."""
    ids = {each: unique(each, taken) for each in plan.nodes}
    flows = {flow.id: unique(flow.id, taken_flows) for node in plan.nodes.values() for flow in node.flows}
    made = {
        ids[node.id]: replace(
            node,
            id=ids[node.id],
            scope=scope if node.scope is None else ids[node.scope],
            flows=tuple(replace(flow, to=ids[flow.to], id=flows[flow.id]) for flow in node.flows),
            boundaries=tuple(ids[each] for each in node.boundaries),
            on_error=ids[node.on_error] if node.on_error else None,
            attached_to=ids[node.attached_to] if node.attached_to else None,
            first=ids[node.first] if node.first else None,
            incoming=tuple(flows[each] for each in node.incoming),
        )
        for node in plan.nodes.values()
    }
    return made, ids[plan.start]
