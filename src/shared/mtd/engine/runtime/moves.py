"""How tokens enter and leave nodes, until every one of them rests or is gone."""

from typing import Any

from mtd.domain.errors import ProcessError
from mtd.engine.messages.phrases import Phrase, PhrasedError, phrase_of
from mtd.engine.model.plan import Flow, Node, NodeKind
from mtd.engine.model.tokens import Token, TokenChanges, Waits
from mtd.engine.rules import evaluator
from mtd.engine.runtime import compensation, events, instances, joins
from mtd.engine.runtime.step_state import Arrival, CannotGoOn, StepState

_RESTS = {
    NodeKind.SERVICE: Waits.SERVICE,
    NodeKind.PERSON: Waits.PERSON,
    NodeKind.MESSAGE: Waits.MESSAGE,
    NodeKind.SIGNAL: Waits.SIGNAL,
    NodeKind.CONDITION: Waits.CONDITION,
    NodeKind.TIMER: Waits.TIME,
    NodeKind.SUB_PROCESS: Waits.INSIDE,
}
_STUCK = frozenset({Waits.JOIN, Waits.INSIDE, Waits.CONDITION, Waits.DONE})


def settled(case: StepState) -> TokenChanges:
    """The changes once all is moved that is to be moved. Raises CannotGoOn with the node where it cannot be."""
    try:
        settle(case)
    except ProcessError as error:
        raise CannotGoOn(phrase_of(error), code=error.code, node=case.here) from error
    return case.changes()


def settle(case: StepState) -> None:
    """Move what is to be moved. Raises ProcessError when no flow fits, or when only joins are left to wait."""
    if not case.arrivals and not case.emptied and not case.plan.conditions:
        return
    while case.outcome is None:
        if case.arrivals:
            arrival = case.next_arrival()
            node = case.node(arrival.node)
            case.here = node.id
            if arrival.leaving:
                _leave(case, arrival.token, node, arrival.scope)
            elif arrival.item is not None:
                _perform(case, arrival.token, node, arrival.scope, arrival.item, arrival.element)
            else:
                _enter(case, arrival, node)
        elif case.emptied:
            _end_scope(case, case.emptied.pop())
        elif not _go_on_from_inclusive_join(case) and not _go_on_from_condition(case):
            break
    if case.outcome is None and all(token.waits in _STUCK for token in case.tokens.values()):
        _refuse_to_stand_still(case)


def _refuse_to_stand_still(case: StepState) -> None:
    """Raises ProcessError (`deadlock`): nothing that could come would move any token."""
    for token in case.tokens.values():
        if token.waits in (Waits.JOIN, Waits.CONDITION):
            case.here = token.node
            code = "token_cannot_come" if token.waits is Waits.JOIN else "condition_cannot_hold"
            raise PhrasedError(Phrase(code, node=case.node(token.node).name), code="deadlock")
    case.here = next((token.node for token in case.tokens.values()), case.here)
    raise PhrasedError(Phrase("token_cannot_come", node=case.here), code="deadlock")


def pass_event(case: StepState, token: Token) -> None:
    """The trigger of the token has come: it goes on, or takes the token that it is armed on."""
    if token.host is not None:
        events.fire(case, token)
    else:
        complete_activity(case, token)


def deliver(case: StepState, signal: str) -> None:
    """All that waits for the signal takes it, but what one of them has taken away."""
    for token in events.hear(case, signal):
        if case.tokens.get(token.id) is token:
            pass_event(case, token)


def _go_on_from_condition(case: StepState) -> bool:
    token = events.held(case) if case.plan.conditions else None
    if token is not None:
        pass_event(case, token)
    return token is not None


def complete_activity(case: StepState, token: Token) -> None:
    """An activity's work, or one instance's, is done."""
    node = case.node(token.node)
    if token.item is None or token.scope is None:
        case.arrivals.append(Arrival(token.id, node.id, token.scope, leaving=True))
    else:
        instances.complete(case, node, case.tokens.get(token.id, token), case.token(token.scope))


def _enter(case: StepState, arrival: Arrival, node: Node) -> None:
    token_id, scope, kind = arrival.token, arrival.scope, node.kind
    if kind in _RESTS or kind is NodeKind.SCRIPT:
        _begin(case, token_id, node, scope)
        return
    case.visited.append(node.id)
    if kind is NodeKind.END or kind is NodeKind.TERMINATE or kind is NodeKind.ERROR_END:
        _end(case, token_id, node, scope)
    elif node.incoming:
        case.park(token_id, node.id, Waits.JOIN, scope, via=arrival.via)
        if kind is NodeKind.PARALLEL:
            _join(case, node, joins.ready_parallel(node, case.tokens, scope))
    elif kind is NodeKind.COMPENSATE:
        compensation.throw(case, node, token_id, scope)
    elif kind is NodeKind.EVENT_BASED:
        case.park(token_id, node.id, Waits.INSIDE, scope)
        events.arm_gateway(case, node, token_id, scope)
    else:
        _leave(case, token_id, node, scope)
        if kind is NodeKind.ESCALATION:
            events.throw_escalation(case, scope, node.code)
        elif kind is NodeKind.SIGNAL_THROW:
            case.signals.append(node.code or "")
            deliver(case, node.code or "")


def _begin(case: StepState, token_id: int, node: Node, scope: int | None) -> None:
    if node.repeat is None:
        if node.boundaries:
            events.arm_boundaries(case, node, token_id, scope)
        _perform(case, token_id, node, scope)
        return
    if not instances.begin(case, node, token_id, scope):
        _leave(case, token_id, node, scope)
    elif node.boundaries:
        events.arm_boundaries(case, node, token_id, scope)


def _perform(
    case: StepState, token_id: int, node: Node, scope: int | None, item: int | None = None, element: Any = None
) -> None:
    case.visited.append(node.id)
    waits = _RESTS.get(node.kind)
    if waits is None:
        token = case.park(token_id, node.id, Waits.INSIDE, scope, item=item, element=element)
        seen = case.facts_at(token_id if item is not None else scope)
        case.store({name: evaluator.storable(evaluator.evaluate(rule, seen)) for name, rule in node.sets}, token)
        complete_activity(case, token)
        return
    case.park(token_id, node.id, waits, scope, item=item, element=element)
    if node.first is not None:
        case.arrivals.append(Arrival(case.new_id(), node.first, token_id))


def _leave(case: StepState, token_id: int, node: Node, scope: int | None) -> None:
    if node.boundaries or node.kind is NodeKind.EVENT_BASED:
        case.disarm(token_id)
    if node.compensation is not None and token_id in case.tokens:
        compensation.remember(case, node, scope)
    case.tokens.take(token_id)
    if not node.flows and (node.kind is NodeKind.SUB_PROCESS or compensation.is_undoing(case, scope)):
        case.emptied.append(scope)
        return
    flows = _flows(case, node, scope)
    for position in range(len(flows) - 1, -1, -1):
        # The first flow keeps the token; arrivals are taken from the end, so it also goes first.
        taken = token_id if position == 0 else case.new_id()
        case.arrivals.append(Arrival(taken, flows[position].to, scope, flows[position].id))


def _flows(case: StepState, node: Node, scope: int | None) -> tuple[Flow, ...]:
    flows = node.flows
    if node.kind is NodeKind.PARALLEL or (len(flows) == 1 and flows[0].when is None):
        return flows
    if node.kind is NodeKind.EXCLUSIVE:
        chosen = next((flow for flow in flows if flow.when is not None and case.holds(flow.when, scope)), None)
        chosen = chosen or next((flow for flow in flows if flow.when is None), None)
        fitting = [chosen] if chosen else []
    else:
        fitting = [f for f in flows if not f.default and (f.when is None or case.holds(f.when, scope))]
        fitting = fitting or [f for f in flows if f.default]
    if not fitting:
        raise PhrasedError(Phrase("no_flow_fits", node=node.name, process=case.plan.process), code="no_flow")
    return tuple(fitting)


def _join(case: StepState, node: Node, ready: list[Token]) -> None:
    for token in ready[1:]:
        del case.tokens[token.id]
    if ready:
        _leave(case, ready[0].id, node, ready[0].scope)


def _go_on_from_inclusive_join(case: StepState) -> bool:
    ready = list(joins.ready_inclusive(case.plan, case.tokens)) if case.plan.joins else []
    if ready:
        _join(case, case.node(ready[0].node), ready)
    return bool(ready)


def _end(case: StepState, token_id: int, node: Node, scope: int | None) -> None:
    case.tokens.take(token_id)
    case.last_end = node.id
    if node.kind is NodeKind.ERROR_END and events.throw_error(case, scope, node.code):
        return
    if node.kind is NodeKind.TERMINATE or node.kind is NodeKind.ERROR_END:
        # An error that nothing catches ends the whole case.
        case.cancel_inside(scope if node.kind is NodeKind.TERMINATE else None)
        scope = scope if node.kind is NodeKind.TERMINATE else None
    case.emptied.append(scope)


def _end_scope(case: StepState, scope: int | None) -> None:
    case.emptied = [each for each in case.emptied if each != scope]
    if not case.is_empty(scope):
        return
    if scope is None:
        case.cancel_inside(None)
        case.outcome = case.last_end
        return
    token = case.tokens.get(scope)
    if token is None:
        return
    if case.plan.compensates:
        if compensation.is_undoing(case, scope):
            compensation.go_on(case, case.node(token.node), token.id, token.scope)
            return
        compensation.hand_on(case, token)
    complete_activity(case, token)
