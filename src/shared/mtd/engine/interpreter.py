"""Moves tokens along a plan. Pure: tokens, facts and an occurrence in, changes out; no clock, no I/O."""

from mtd.domain.errors import ProcessError
from mtd.engine import events, moves
from mtd.engine.case import Arrival, Case
from mtd.engine.phrases import Phrase, PhrasedError
from mtd.engine.plan import Plan
from mtd.engine.rules import Facts
from mtd.engine.tokens import Changes, Done, Due, Escalated, Failed, Occurrence, Received, Token, Tokens, Waits


def begin(plan: Plan, facts: Facts) -> Changes:
    """The first tokens of a new case."""
    case = Case(plan, {}, facts)
    case.arrivals.append(Arrival(case.new_id(), plan.start, None))
    moves.settle(case)
    return case.changes()


def step(plan: Plan, tokens: Tokens, occurrence: Occurrence, facts: Facts) -> Changes:
    """What the occurrence does to the case whose living tokens these are.

    Raises ProcessError: `no_such_token` and `not_waiting` for an occurrence that comes too late, `no_error_way` for a
    failure that no boundary event catches, `no_flow`, `unknown_fact` and `deadlock` where the process cannot go on.
    """
    case = Case(plan, tokens, facts)
    match occurrence:
        case Done():
            token = _waiting(case, occurrence.token, Waits.SERVICE, Waits.PERSON)
            if occurrence.values:
                case.store(dict(occurrence.values))
            moves.performed(case, token)
        case Failed():
            token = _waiting(case, occurrence.token, Waits.SERVICE, Waits.PERSON)
            if not events.throw_from_task(case, token, occurrence.code or events.FAILED):
                phrase = Phrase("no_error_event", node=token.node, process=plan.process)
                raise PhrasedError(phrase, code="no_error_way")
        case Due():
            _pass_event(case, _waiting(case, occurrence.token, Waits.TIME))
        case Received():
            if occurrence.values:
                case.store(dict(occurrence.values))
            _pass_event(case, _listening(case, occurrence.message))
        case Escalated():
            token = _waiting(case, occurrence.token, Waits.SERVICE, Waits.PERSON, Waits.INSIDE)
            if not events.escalate(case, token):
                raise ProcessError(f"{token.node!r} has no boundary escalation event", code="no_escalation_way")
    moves.settle(case)
    return case.changes()


def facts_at(plan: Plan, tokens: Tokens, token: int, facts: Facts) -> Facts:
    """What rules see at a token: the facts, and the element of each instance that it is in."""
    return Case(plan, tokens, facts).facts_at(token)


def _waiting(case: Case, token_id: int, *waits: Waits) -> Token:
    token = case.token(token_id)
    if token.waits not in waits:
        raise ProcessError(f"the token at {token.node!r} waits for {token.waits}", code="not_waiting")
    return token


def _listening(case: Case, message: str) -> Token:
    for token in sorted(case.tokens.values(), key=lambda each: each.id):
        if token.waits is Waits.MESSAGE and case.node(token.node).code == message:
            return token
    raise ProcessError(f"nothing waits for the message {message!r}", code="not_waiting")


def _pass_event(case: Case, token: Token) -> None:
    if token.host is not None:
        events.fire(case, token)
    else:
        moves.performed(case, token)
