"""Errors, escalations, times and messages: what takes a token from where it rests."""

from mtd.domain.errors import ProcessError
from mtd.engine.model.plan import EventType, Node, NodeKind
from mtd.engine.model.tokens import Token, Waits
from mtd.engine.rules import timers
from mtd.engine.runtime import compensation
from mtd.engine.runtime.step_state import Arrival, StepState

FAILED = "failed"
"""The error of a task that failed for good: a boundary event for it, or for no code, catches every such failure."""

ARMED = {
    EventType.TIMER: Waits.TIME,
    EventType.MESSAGE: Waits.MESSAGE,
    EventType.SIGNAL: Waits.SIGNAL,
    EventType.CONDITIONAL: Waits.CONDITION,
}
EVENTS = {
    NodeKind.TIMER: Waits.TIME,
    NodeKind.MESSAGE: Waits.MESSAGE,
    NodeKind.SIGNAL: Waits.SIGNAL,
    NodeKind.CONDITION: Waits.CONDITION,
}
_HELD = 0
"""What is `left` of a condition that does not interrupt, while it goes on holding after it has fired."""


def arm_boundaries(case: StepState, node: Node, host: int, scope: int | None) -> None:
    """Set up the timers and messages that may interrupt or accompany the activity."""
    for boundary_id in node.boundaries:
        boundary = case.node(boundary_id)
        waits = ARMED.get(boundary.trigger) if boundary.trigger else None
        if waits is not None:
            left = timers.repeats(boundary.time) if boundary.time and not boundary.interrupting else None
            case.park(case.new_id(), boundary_id, waits, scope, host=host, left=left)


def arm_gateway(case: StepState, node: Node, host: int, scope: int | None) -> None:
    """Set up the events of an event-based gateway."""
    for flow in node.flows:
        case.park(case.new_id(), flow.to, EVENTS[case.node(flow.to).kind], scope, host=host)


def fire(case: StepState, armed: Token) -> None:
    """An armed event happens."""
    assert armed.host is not None
    host = case.token(armed.host)
    event = case.node(armed.node)
    if event.kind is not NodeKind.BOUNDARY:
        case.disarm(host.id)
        case.visited.append(event.id)
        case.arrivals.append(Arrival(host.id, event.id, host.scope, leaving=True))
    elif event.interrupting:
        _interrupt(case, host, event)
    else:
        _use_up(case, armed)
        case.arrivals.append(Arrival(case.new_id(), event.id, host.scope))


def _use_up(case: StepState, armed: Token) -> None:
    """An event that does not interrupt may come again: a message or signal always, a time as often as its cycle says,
    a condition once it has not held in between."""
    if armed.waits is Waits.CONDITION:
        case.park(armed.id, armed.node, armed.waits, armed.scope, host=armed.host, left=_HELD)
    elif armed.left in (None, 0, 1) and armed.waits is Waits.TIME:
        del case.tokens[armed.id]
    elif armed.left is not None and armed.left != timers.WITHOUT_END:
        case.park(armed.id, armed.node, armed.waits, armed.scope, host=armed.host, left=armed.left - 1)


def hear(case: StepState, signal: str) -> list[Token]:
    """The tokens of the case that wait for the signal."""
    return [
        token
        for token in sorted(case.tokens.values(), key=lambda each: each.id)
        if token.waits is Waits.SIGNAL and case.node(token.node).code == signal
    ]


def held(case: StepState) -> Token | None:
    """The first token whose condition has come to hold. A rule that asks for what is not there yet does not hold."""
    for token in sorted(case.tokens.values(), key=lambda each: each.id):
        if token.waits is Waits.CONDITION:
            holds = _holds(case, token)
            if holds and token.left is None:
                return token
            if not holds and token.left == _HELD:
                case.park(token.id, token.node, token.waits, token.scope, host=token.host)
    return None


def _holds(case: StepState, token: Token) -> bool:
    rule = case.node(token.node).when
    try:
        return rule is not None and case.holds(rule, token.scope)
    except ProcessError:
        return False


def throw_from_task(case: StepState, token: Token, code: str) -> bool:
    """A task failed: its own boundary event catches it, or one around it. Whether one did."""
    return _throw(case, token, EventType.ERROR, (code, FAILED, None))


def throw_error(case: StepState, scope: int | None, code: str | None) -> bool:
    """An error end was reached in that scope. Whether a boundary event around it catches the error."""
    return scope is not None and _throw(case, case.token(scope), EventType.ERROR, (code, None))


def throw_escalation(case: StepState, scope: int | None, code: str | None) -> bool:
    """An escalation was thrown in that scope. Whether a boundary event around it takes it."""
    return scope is not None and _throw(case, case.token(scope), EventType.ESCALATION, (code, None))


def escalate(case: StepState, token: Token) -> bool:
    """A person escalates a task: any boundary escalation event takes it. Whether there was one."""
    return _throw(case, token, EventType.ESCALATION, ())


def _throw(case: StepState, token: Token, trigger: EventType, codes: tuple[str | None, ...]) -> bool:
    while True:
        inner = token.item is not None and token.scope is not None
        if not inner:
            event = _catching(case, case.node(token.node), trigger, codes)
            if event is not None and event.interrupting:
                _interrupt(case, token, event)
                return True
            if event is not None:
                case.arrivals.append(Arrival(case.new_id(), event.id, token.scope))
                return True
        if token.scope is None:
            return False
        token = case.token(token.scope)


def _interrupt(case: StepState, host: Token, event: Node) -> None:
    if case.plan.compensates:
        compensation.hand_on(case, host)
    case.cancel(host.id)
    case.arrivals.append(Arrival(host.id, event.id, host.scope))


def _catching(case: StepState, node: Node, trigger: EventType, codes: tuple[str | None, ...]) -> Node | None:
    events = [event for each in node.boundaries if (event := case.node(each)).trigger is trigger]
    if not codes:
        return next(iter(events), None)
    return next((event for code in codes for event in events if event.code == code), None)
