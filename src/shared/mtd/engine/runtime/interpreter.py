"""Moves tokens along a plan. Pure: tokens, facts and an occurrence in, changes out; no clock, no I/O."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import (
    MessageReceived,
    SignalReceived,
    TaskAccepted,
    TaskCompleted,
    TaskEscalated,
    TaskFailed,
    TimerFired,
    Token,
    TokenChanges,
    Tokens,
    Trigger,
    Waits,
)
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime import answers, events, moves
from mtd.engine.runtime.step_state import Arrival, StepState


def begin(plan: Plan, facts: Facts, start: str | None = None) -> TokenChanges:
    """The first tokens of a new case, which begins at that start event, else at the plan's own.

    Raises ProcessError: `no_such_start`. Raises CannotGoOn as `step` does.
    """
    if start is not None and start != plan.start and start not in plan.starts:
        raise ProcessError(f"{plan.process!r} has no start event {start!r}", code="no_such_start")
    case = StepState(plan, {}, facts)
    case.arrivals.append(Arrival(case.new_id(), start or plan.start, None))
    return moves.settled(case)


def step(plan: Plan, tokens: Tokens, occurrence: Trigger, facts: Facts) -> TokenChanges:
    """The changes of the trigger to the case with these active tokens.

    Raises ProcessError: `no_such_token` and `not_waiting` for an occurrence that comes too late, `no_error_way` for a
    failure that no boundary event catches. Raises CannotGoOn: `no_flow`, `unknown_fact`, `endless_loop` and `deadlock`,
    with the node where the process cannot go on.
    """
    case = StepState(plan, tokens, facts)
    match occurrence:
        case TaskCompleted():
            token = _waiting(case, occurrence.token, Waits.SERVICE, Waits.PERSON)
            if occurrence.values:
                case.store(dict(occurrence.values), token)
            moves.complete_activity(case, token)
        case TaskFailed():
            token = _waiting(case, occurrence.token, Waits.SERVICE, Waits.PERSON, Waits.MESSAGE)
            if not events.throw_from_task(case, token, occurrence.code or events.FAILED):
                phrase = Phrase("no_error_event", node=token.node, process=plan.process)
                raise PhrasedError(phrase, code="no_error_way")
        case TaskAccepted():
            token = _waiting(case, occurrence.token, Waits.SERVICE)
            case.tokens[token.id] = replace(token, waits=Waits.MESSAGE)
        case TimerFired():
            moves.pass_event(case, _waiting(case, occurrence.token, Waits.TIME))
        case MessageReceived():
            token = _listening(case, occurrence.message)
            if values := _received(case, token, occurrence):
                case.store(dict(values), token)
            moves.pass_event(case, token)
        case SignalReceived():
            if not events.hear(case, occurrence.signal):
                raise ProcessError(f"nothing waits for the signal {occurrence.signal!r}", code="not_waiting")
            if occurrence.values:
                case.store(dict(occurrence.values))
            moves.deliver(case, occurrence.signal)
        case TaskEscalated():
            token = _waiting(case, occurrence.token, Waits.SERVICE, Waits.PERSON, Waits.INSIDE)
            if not events.escalate(case, token):
                raise ProcessError(f"{token.node!r} has no boundary escalation event", code="no_escalation_way")
    return moves.settled(case)


def not_begun(plan: Plan, start: str | None = None) -> TokenChanges:
    """A case that cannot begin: its token stands at the start event, from where `restoring.skip` begins it again."""
    token = Token(id=1, node=start or plan.start, waits=Waits.INSIDE)
    return TokenChanges(placed=(token,), visited=(token.node,))


def completes_alone(plan: Plan, token: Token, around: Token | None) -> bool:
    """Whether the completion of the token's task changes but this token and the one around it: `step` then needs no
    other token of the case. That is so for all but the last of the parallel instances of a task."""
    node = plan.nodes[token.node]
    if node.repeat is None or node.repeat.until is not None or plan.conditions:
        return False
    if token.item is None or around is None or token.scope != around.id or around.left is None:
        return False
    return around.left > 1 and token.waits in (Waits.SERVICE, Waits.PERSON)


def facts_at(plan: Plan, tokens: Tokens, token: int, facts: Facts) -> Facts:
    """The values that rules see at a token: the facts, and the element of each instance that it is in."""
    return StepState(plan, tokens, facts).facts_at(token)


def _waiting(case: StepState, token_id: int, *waits: Waits) -> Token:
    token = case.token(token_id)
    if token.waits not in waits:
        raise ProcessError(f"the token at {token.node!r} waits for {token.waits}", code="not_waiting")
    return token


def refused_answer(plan: Plan, tokens: Tokens, message: MessageReceived, facts: Facts) -> tuple[int, str] | None:
    """The token and the error code of a message that is a connected system's answer and refuses the order."""
    case = StepState(plan, tokens, facts)
    token = _listening(case, message.message)
    call = case.node(token.node).call
    if call is None:
        return None
    code = answers.refusal_code(call, answers.with_answer(_around(case, token), message.values))
    return None if code is None else (token.id, code)


def _received(case: StepState, token: Token, message: MessageReceived) -> Mapping[str, Any]:
    """The values of a message; of a connected system's answer those that its task keeps."""
    call = case.node(token.node).call
    if call is None:
        return message.values
    return answers.values_of(call, answers.with_answer(_around(case, token), message.values))


def _around(case: StepState, token: Token) -> Facts:
    return case.facts_at(token.scope if token.element is None else token.id)


def _listening(case: StepState, message: str) -> Token:
    for token in sorted(case.tokens.values(), key=lambda each: each.id):
        if token.waits is Waits.MESSAGE and case.node(token.node).code == message:
            return token
    raise ProcessError(f"nothing waits for the message {message!r}", code="not_waiting")
