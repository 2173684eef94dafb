"""Carries an order's tokens over to another version of its process. Pure: both plans and the tokens in, tokens out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mtd.domain.errors import ProcessError
from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.model.plan import Node, NodeKind, Plan
from mtd.engine.model.tokens import Token, Tokens, Waits
from mtd.engine.rules import timers
from mtd.engine.runtime import joins
from mtd.engine.runtime.events import ARMED, EVENTS
from mtd.engine.runtime.reachability import places, stuck_joins
from mtd.engine.runtime.restoring import is_error_way


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMapping:
    """Where nodes have gone: by name, or else they keep theirs; `own` says it of single tokens, by their ids."""

    nodes: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[int, str] = field(default_factory=dict)

    def of(self, token: Token) -> str:
        return self.own.get(token.id) or self.nodes.get(token.node, token.node)


class VersionTransfer:
    """From one version to another. Its findings about places serve all orders at the same places."""

    def __init__(self, old: Plan, new: Plan, names: NodeMapping) -> None:
        self._old = old
        self._new = new
        self._nodes = names.nodes
        self._stuck_anyway = frozenset(stuck_joins(new))
        self._stuck: dict[object, Phrase | None] = {}

    def carry(self, tokens: Tokens, own: Mapping[int, str] | None = None) -> dict[int, Token]:
        """All tokens of the order in the new version, with the events that it arms; nothing else has moved.

        Raises ProcessError: `node_unmapped`, `kind_differs`, `on_error_way`, `scope_differs`, `flow_unmapped`,
        `join_is_full` or `deadlock`, with a sentence that says which node is in the way.
        """
        names = NodeMapping(nodes=self._nodes, own=own or {})
        carried = {token.id: self._moved(token, tokens, names) for token in tokens.values() if token.host is None}
        for token in tokens.values():
            if token.host in carried and (event := self._armed(token, carried[token.host], names)) is not None:
                carried[event.id] = event
        following = max(tokens, default=0)
        for event in list(self._to_arm(tokens, carried)):
            following += 1
            carried[following] = replace(event, id=following)
        self._refuse_what_would_stop(carried)
        return carried

    def _moved(self, token: Token, tokens: Tokens, names: NodeMapping) -> Token:
        before, name = self._old.nodes[token.node], names.of(token)
        node = self._new.nodes.get(name)
        if node is None:
            raise ProcessError(
                f"the new version has no {name!r}: map {token.node!r} to one of its nodes", code="node_unmapped"
            )
        if is_error_way(before) or is_error_way(node):
            raise ProcessError(f"the order is on the error way at {token.node!r}", code="on_error_way")
        if _nature(before) != _nature(node):
            raise ProcessError(f"{token.node!r} is {_called(before)}, {name!r} is {_called(node)}", code="kind_differs")
        if not _is_captured(token) and _lists(before) != _lists(node):
            raise ProcessError(f"{token.node!r} and {name!r} repeat over other lists", code="kind_differs")
        if not self._lies_right(token, node, tokens, names):
            raise ProcessError(f"{name!r} lies in another sub-process than {token.node!r}", code="scope_differs")
        via = self._via(token, before, node) if token.via is not None else None
        return replace(token, node=name, via=via)

    def _lies_right(self, token: Token, node: Node, tokens: Tokens, names: NodeMapping) -> bool:
        if token.scope is None:
            return node.scope is None
        around = names.of(tokens[token.scope])
        if around in self._new.nodes and self._new.nodes[around].kind is NodeKind.COMPENSATE:
            return True
        return around == (node.id if token.item is not None else node.scope)

    def _via(self, token: Token, before: Node, node: Node) -> str:
        """The flow by which it came to a join: the one of that id, or the only one from where that came from."""
        if token.via in node.incoming:
            return token.via or ""
        sources = [each.id for each in self._old.nodes.values() for flow in each.flows if flow.id == token.via]
        wanted = {self._nodes.get(each, each) for each in sources}
        found = [
            flow.id
            for each in self._new.nodes.values()
            if each.id in wanted
            for flow in each.flows
            if flow.id in node.incoming
        ]
        if len(found) != 1:
            raise ProcessError(
                f"the way by which the order came to {before.id!r} is not in the new version", code="flow_unmapped"
            )
        return found[0]

    def _armed(self, event: Token, host: Token, names: NodeMapping) -> Token | None:
        """An armed event in the new version; None when that has it no more, or otherwise."""
        before, node = self._old.nodes[event.node], self._new.nodes.get(names.of(event))
        if node is None or _nature(before) != _nature(node) or node.id not in _events_of(self._new, host.node):
            return None
        return replace(event, node=node.id)

    def _to_arm(self, tokens: Tokens, carried: Tokens) -> Iterator[Token]:
        """The events that the new version arms and the old one has not: one that has happened comes no second time."""
        armed = {(token.host, token.node) for token in carried.values()}
        for token in list(carried.values()):
            if token.host is not None or token.item is not None or token.waits in (Waits.JOIN, Waits.DONE):
                continue
            known = {
                (self._nodes.get(each, each), _nature(self._old.nodes[each]))
                for each in _events_of(self._old, tokens[token.id].node)
            }
            for each in _events_of(self._new, token.node):
                node = self._new.nodes[each]
                waits = EVENTS.get(node.kind) or (ARMED.get(node.trigger) if node.trigger else None)
                if waits is not None and (token.id, each) not in armed and (each, _nature(node)) not in known:
                    left = timers.repeats(node.time) if node.time and not node.interrupting else None
                    yield Token(id=0, node=each, waits=waits, scope=token.scope, host=token.id, left=left)

    def _refuse_what_would_stop(self, carried: Tokens) -> None:
        if all(token.waits in (Waits.JOIN, Waits.INSIDE, Waits.CONDITION) for token in carried.values()):
            raise ProcessError("nothing in the new version would move the order on", code="deadlock")
        for node_id, scope in {(t.node, t.scope) for t in carried.values() if t.waits is Waits.JOIN}:
            node = self._new.nodes[node_id]
            if node.kind is NodeKind.PARALLEL and joins.ready_parallel(node, carried, scope):
                raise ProcessError(
                    f"all that {node_id!r} waits for is there: let the order go on first", code="join_is_full"
                )
        if ready := joins.ready_inclusive(self._new, carried):
            raise ProcessError(
                f"{ready[0].node!r} would wait for nothing more: let the order go on first", code="join_is_full"
            )
        key = places(carried)
        if key not in self._stuck:
            found = [each for each in stuck_joins(self._new, carried) if each not in self._stuck_anyway]
            self._stuck[key] = found[0] if found else None
        if (stuck := self._stuck[key]) is not None:
            raise PhrasedError(stuck, code="deadlock")


def _events_of(plan: Plan, host: str) -> tuple[str, ...]:
    """The nodes of the events that may be armed on a token at that node."""
    node = plan.nodes[host]
    return tuple(flow.to for flow in node.flows) if node.kind is NodeKind.EVENT_BASED else node.boundaries


def _nature(node: Node) -> tuple[object, ...]:
    """The properties that must be equal for a token to fit both plans."""
    return (node.kind, bool(node.incoming), bool(node.repeat), node.trigger, node.interrupting)


def _is_captured(token: Token) -> bool:
    """Whether the token knows its elements and their order itself; tokens of earlier releases ask their plan."""
    return (
        token.waits is Waits.DONE or token.left is not None or token.elements is not None or token.element is not None
    )


def _lists(node: Node) -> tuple[object, ...] | None:
    return (node.repeat.collection, node.repeat.sequential) if node.repeat else None


def _called(node: Node) -> str:
    return f"a {node.kind.value}" + (" that repeats" if node.repeat else "")
