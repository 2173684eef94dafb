"""Undoes what is done: an activity with a compensation handler leaves a token when it is done, and a throw event lets
the handlers of those tokens run, the last done first, after BPMN 2.0.2, 13.5.5."""

from dataclasses import replace

from mtd.engine.model.plan import Node, NodeKind
from mtd.engine.model.tokens import Token, Waits
from mtd.engine.runtime.step_state import Arrival, StepState


def remember(case: StepState, node: Node, scope: int | None) -> None:
    """The activity is done, and may be undone as long as what is around it lives."""
    if node.compensation is not None:
        case.park(case.new_id(), node.id, Waits.DONE, scope)


def throw(case: StepState, node: Node, token_id: int, scope: int | None) -> None:
    """The event waits until all that is to be undone is. That is what was done in its own scope, or where nothing was,
    in the nearest scope around: an event sub-process undoes what it took the place of."""
    case.park(token_id, node.id, Waits.INSIDE, scope)
    where, found = scope, _done(case, scope, node.code)
    while not found and where is not None:
        where = case.token(where).scope
        found = _done(case, where, node.code)
    for token in found:
        case.tokens[token.id] = replace(token, scope=token_id)
    go_on(case, node, token_id, scope)


def go_on(case: StepState, node: Node, token_id: int, scope: int | None) -> None:
    """Undo the activity that was done last of those that are left; else the event is over."""
    left = _done(case, token_id, None)
    if not left:
        case.arrivals.append(Arrival(token_id, node.id, scope, leaving=True))
        return
    last = max(left, key=lambda token: token.id)
    del case.tokens[last.id]
    handler = case.node(last.node).compensation
    assert handler is not None
    case.arrivals.append(Arrival(case.new_id(), handler, token_id))


def hand_on(case: StepState, token: Token) -> None:
    """The scope has ended or is interrupted: its done activities can be undone from the scope around it."""
    if token.item is not None:
        return
    for each in [t for t in case.tokens.values() if t.waits is Waits.DONE and t.item is None]:
        scope = each.scope
        while scope is not None and scope != token.id:
            scope = case.token(scope).scope
        if scope == token.id:
            case.tokens[each.id] = replace(each, scope=token.scope)


def is_undoing(case: StepState, scope: int | None) -> bool:
    """Whether the scope is a throw event's, in which handlers run."""
    return scope is not None and scope in case.tokens and case.node(case.tokens[scope].node).kind is NodeKind.COMPENSATE


def _done(case: StepState, scope: int | None, activity: str | None) -> list[Token]:
    return [
        token
        for token in case.tokens.values()
        if token.scope == scope
        and token.waits is Waits.DONE
        and token.item is None
        and (activity is None or activity in (token.node, case.node(token.node).scope))
    ]
