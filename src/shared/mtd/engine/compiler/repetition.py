"""Finds the tasks of a plan that an order may do more than once: in a circle, for several elements, or drawn twice."""

from collections.abc import Iterator, Mapping

from mtd.engine.model.plan import Node, NodeKind, Plan


def served_again(plan: Plan) -> Iterator[Node]:
    """The service tasks whose server an order may call another time: it comes back to the task, the task is done for
    each element of a list, or another task of the same server follows. Error ways, which take a failed task's place,
    do not count."""
    follows = _following(plan)
    servers = [node for node in plan.nodes.values() if node.kind is NodeKind.SERVICE and node.binding]
    earlier: dict[str, list[str]] = {}
    for node in servers:
        earlier.setdefault(node.binding or "", []).append(node.id)
    reached = {node.id: _reached(follows, node.id) for node in servers}
    for node in servers:
        if _repeats(plan, node) or any(node.id in reached[each] for each in earlier[node.binding or ""]):
            yield node


def _following(plan: Plan) -> Mapping[str, list[str]]:
    """The nodes that a token may come to from each node, out of its sub-process included."""
    following: dict[str, list[str]] = {}
    for node in plan.nodes.values():
        found = [flow.to for flow in node.flows]
        found += [node.first] if node.first is not None else []
        found += [each for each in node.boundaries if plan.nodes[each].trigger != "error"]
        if not node.flows and node.scope is not None:
            found += [flow.to for flow in plan.nodes[node.scope].flows]
            found += plan.nodes[node.scope].boundaries
        following[node.id] = found
    return following


def _reached(follows: Mapping[str, list[str]], start: str) -> set[str]:
    """The nodes after that one; it is among them when a way leads back to it."""
    reached: set[str] = set()
    pending = list(follows[start])
    while pending:
        if (each := pending.pop()) not in reached:
            reached.add(each)
            pending += follows[each]
    return reached


def _repeats(plan: Plan, node: Node) -> bool:
    around: Node | None = node
    while around is not None:
        if around.repeat is not None:
            return True
        around = plan.nodes[around.scope] if around.scope is not None else None
    return False
