"""Puts tokens back to their places, and moves or skips one because a person says so. Pure, as the interpreter is."""

import re
from collections.abc import Iterable
from dataclasses import replace

from mtd.domain.errors import ProcessError
from mtd.engine.messages.phrases import PhrasedError
from mtd.engine.model.plan import Node, NodeKind, Plan
from mtd.engine.model.tokens import Token, TokenChanges, Tokens, Waits, applied
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime import moves, reachability
from mtd.engine.runtime.step_state import Arrival, StepState

_PLACE = re.compile(r"(\w+)(?:\[(\d{1,6})\])?")
_TARGETS = frozenset(
    {
        NodeKind.SERVICE,
        NodeKind.PERSON,
        NodeKind.SCRIPT,
        NodeKind.MESSAGE,
        NodeKind.SIGNAL,
        NodeKind.CONDITION,
        NodeKind.TIMER,
        NodeKind.SUB_PROCESS,
        NodeKind.EXCLUSIVE,
    }
)


def moved_tokens(before: Tokens, changes: TokenChanges) -> list[Token]:
    """The tokens that a step has taken from their places, as they stood."""
    moved = {token.id for token in changes.placed} | set(changes.consumed)
    return [token for token_id, token in before.items() if token_id in moved]


def renumbered(active: Tokens, gone: Iterable[Token]) -> list[Token]:
    """The tokens that were gone, with ids that no active token has. References among them keep their targets."""
    wanted = list(gone)
    following = max([*active, *(token.id for token in wanted)], default=0)
    names: dict[int, int] = {}
    for token in wanted:
        if token.id in active:
            following += 1
            names[token.id] = following
    return [
        replace(
            token,
            id=names.get(token.id, token.id),
            scope=token.scope if token.scope is None else names.get(token.scope, token.scope),
            host=token.host if token.host is None else names.get(token.host, token.host),
        )
        for token in wanted
    ]


def put_back(plan: Plan, active: Tokens, gone: Iterable[Token]) -> dict[int, Token]:
    """All tokens with those put back that were gone.

    Raises ProcessError: `place_taken` where a token stands in one's place, `scope_gone` where the sub-process around it
    has ended meanwhile, `no_such_node` for another plan's token.
    """
    tokens = dict(active)
    back = renumbered(active, gone)
    tokens |= {token.id: token for token in back}
    places = {_place(token) for token in active.values() if token.waits is not Waits.DONE}
    for token in back:
        if token.node not in plan.nodes:
            raise ProcessError(f"{plan.process!r} has no node {token.node!r}", code="no_such_node")
        if token.waits not in (Waits.JOIN, Waits.DONE) and _place(token) in places:
            raise ProcessError(f"a token stands at {token.node!r} already", code="place_taken")
        if not (_lies_in(plan, tokens, token) and (token.host is None or token.host in tokens)):
            raise ProcessError(f"what was around {token.node!r} has ended meanwhile", code="scope_gone")
    return tokens


def _lies_in(plan: Plan, tokens: Tokens, token: Token) -> bool:
    if token.scope is None:
        return True
    around = tokens.get(token.scope)
    if around is None:
        return False
    undone = plan.nodes[around.node].kind is NodeKind.COMPENSATE
    return undone or around.node in (plan.nodes[token.node].scope, token.node)


def _place(token: Token) -> tuple[object, ...]:
    return (token.node, token.scope, token.host, token.item)


def move(plan: Plan, tokens: Tokens, token: Token, target: str, facts: Facts) -> TokenChanges:
    """The token goes to another node of its own process or sub-process, as if its way led there.

    Raises ProcessError: `cannot_move` with what is in the way, `deadlock` when a join would then wait for ever for what
    cannot come. Raises CannotGoOn.
    """
    node = plan.nodes.get(target)
    if node is None:
        raise ProcessError(f"{plan.process!r} has no node {target!r}", code="no_such_node")
    if node.kind not in _TARGETS or node.incoming or is_error_way(node):
        raise ProcessError(f"an order cannot be put at {target!r}: it is no step of the way", code="cannot_move")
    if node.scope != plan.nodes[token.node].scope or token.item is not None:
        raise ProcessError(f"{target!r} lies in another sub-process than {token.node!r}", code="cannot_move")
    case = StepState(plan, tokens, facts)
    case.cancel_inside(_movable(case, token).id)
    del case.tokens[token.id]
    case.arrivals.append(Arrival(token.id, target, token.scope))
    changes = moves.settled(case)
    anyway = reachability.stuck_joins(plan)
    stuck = [each for each in reachability.stuck_joins(plan, applied(tokens, changes)) if each not in anyway]
    if changes.outcome is None and stuck:
        raise PhrasedError(stuck[0], code="deadlock")
    return changes


def begun_again(plan: Plan, tokens: Tokens, facts: Facts) -> TokenChanges | None:
    """The first step of a case that could not begin, of which only the token at its start is there; None for any other
    case. Raises CannotGoOn."""
    token = next(iter(tokens.values()), None)
    if len(tokens) != 1 or token is None or plan.nodes[token.node].kind is not NodeKind.START:
        return None
    return skip(plan, tokens, token, facts)


def skip(plan: Plan, tokens: Tokens, token: Token, facts: Facts) -> TokenChanges:
    """The step at which the token rests counts as done. Raises ProcessError: `cannot_skip`. Raises CannotGoOn."""
    case = StepState(plan, tokens, facts)
    node = plan.nodes[token.node]
    if node.kind is NodeKind.EVENT_BASED or is_error_way(node):
        raise ProcessError(f"{token.node!r} cannot be skipped: move the order to a step", code="cannot_skip")
    case.cancel_inside(_movable(case, token).id)
    moves.complete_activity(case, token)
    return moves.settled(case)


def is_error_way(node: Node) -> bool:
    """Whether the node serves failures: only a failure may bring an order there."""
    return bool(node.binding and ("{failed}" in node.binding or node.binding.startswith("state_machine:")))


def _movable(case: StepState, token: Token) -> Token:
    if token.host is not None or token.waits is Waits.JOIN:
        raise ProcessError(
            f"what rests at {token.node!r} waits for other steps: it has no way of its own", code="cannot_move"
        )
    return case.token(token.id)


def difference(before: Tokens, after: Tokens, changes: TokenChanges) -> TokenChanges:
    """The changes from the one to the other, with the visits, values and end of the latest changes."""
    return TokenChanges(
        placed=tuple(token for token_id, token in after.items() if before.get(token_id) != token),
        consumed=tuple(token_id for token_id in before if token_id not in after),
        visited=changes.visited,
        values=changes.values,
        outcome=changes.outcome,
    )


def tokens_at(tokens: Tokens, place: str) -> list[Token]:
    """The tokens that rest at a place as people name it: `pick` for all at the node, `pick[1]` for those of the second
    instance around, counted from 0. Armed events and what waits for other steps are none."""
    named = _PLACE.fullmatch(place)
    if named is None:
        return []
    return [
        token
        for token in tokens.values()
        if token.node == named[1]
        and token.host is None
        and token.waits not in (Waits.JOIN, Waits.DONE)
        and (token.waits is not Waits.INSIDE or token.size is None)
        and (named[2] is None or instance_of(tokens, token) == int(named[2]))
    ]


def instance_of(tokens: Tokens, token: Token) -> int | None:
    """The number, from 0, of the nearest instance that the token is, or is in; None outside of any."""
    around: Token | None = token
    while around is not None:
        if around.item is not None:
            return around.item
        around = tokens.get(around.scope) if around.scope is not None else None
    return None
