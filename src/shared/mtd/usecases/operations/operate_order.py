"""Decides a person's action on one order, under its lock: retry, correct, move, skip, suspend, resume, cancel.

Every decision is all or nothing: one transaction writes it with the order's event, or a refusal gives the reason and
nothing changes.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mtd.domain.errors import Conflict
from mtd.domain.orders.facts import facts
from mtd.domain.orders.order import Order
from mtd.engine.model.plan import CANCELLATION
from mtd.engine.model.tokens import Token, TokenChanges, Waits, applied
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime import restoring
from mtd.usecases.flow.apply_trigger import NO_PLACES, resting_place, write_step
from mtd.usecases.flow.changes import OrderEvent
from mtd.usecases.flow.failures import snapshot_tokens
from mtd.usecases.operations.cancel_order import cancellation_place
from mtd.usecases.operations.correct_order import correction, differing_fields, refuse_what_rests_on
from mtd.usecases.operations.order_actions import Decision, OrderAction, OrderBusy, OrderUnderAction, OrderUpdate


def operate_order(
    action: OrderAction, order: OrderUnderAction, revision: int | None, made: frozenset[str], function: str
) -> Decision:
    """Decide the action. `revision` is the revision that the person saw; `made` are the effects of legacy systems.

    Raises Conflict when the order has changed since or its state does not allow the action, OrderBusy while a function
    works on it, ProcessError when its process does not allow the action.
    """
    if revision is not None and revision != order.revision:
        raise Conflict("somebody else has changed the order since you saw it: look at it again", code="order_changed")
    if order.outcome is not None and order.outcome != "exception" and not order.incidents:
        raise Conflict(f"the order has ended as {order.outcome}", code="order_ended")
    if action.action != "cancel" and _is_being_cancelled(order):
        raise Conflict("the order is being cancelled", code="being_cancelled")
    decision = Decision(update=OrderUpdate(order_id=order.locked.order_id))
    _DECISIONS[action.action](action, order, decision, made)
    _record(action, order, decision, function)
    return decision


def _retry(action: OrderAction, order: OrderUnderAction, decision: Decision, made: frozenset[str]) -> None:
    if not order.incidents:
        raise Conflict("the order has no open incident: there is nothing to retry", code="nothing_to_retry")
    if any(incident.state == CANCELLATION for incident in order.incidents):
        _cancel(action, order, decision, made)
        return
    _go_on(order, decision, order.order)
    _reopen(order, decision)


def _correct(action: OrderAction, order: OrderUnderAction, decision: Decision, made: frozenset[str]) -> None:
    _refuse_busy(order)
    if order.outcome is None and not order.locked.suspended:
        raise Conflict("the order is on its way: suspend it first", code="order_on_its_way")
    if order.outcome is not None and not order.incidents:
        raise Conflict("the order has no open incident: there is nothing to retry", code="nothing_to_retry")
    corrected = correction(order.document, action.document or {})
    refuse_what_rests_on(made, order.order, corrected.order)
    decision.update.correction = corrected
    decision.detail = {
        "old": differing_fields(order.document, corrected.document),
        "new": differing_fields(corrected.document, order.document),
    }
    if order.incidents:
        _go_on(order, decision, corrected.order)
        _reopen(order, decision)


def _move(action: OrderAction, order: OrderUnderAction, decision: Decision, _made: frozenset[str]) -> None:
    target = action.node or ""

    def step(tokens: dict[int, Token], token: Token, known: Mapping[str, Any]) -> TokenChanges:
        return restoring.move(order.plan, tokens, token, target, known)

    _leave_step(action, order, decision, step)


def _skip(action: OrderAction, order: OrderUnderAction, decision: Decision, _made: frozenset[str]) -> None:
    def step(tokens: dict[int, Token], token: Token, known: Mapping[str, Any]) -> TokenChanges:
        return restoring.skip(order.plan, tokens, token, known)

    _leave_step(action, order, decision, step)


def _leave_step(
    action: OrderAction,
    order: OrderUnderAction,
    decision: Decision,
    step: Callable[[dict[int, Token], Token, Mapping[str, Any]], TokenChanges],
) -> None:
    _refuse_busy(order)
    tokens = _put_back(order) if order.incidents else order.locked.tokens
    if not tokens:
        raise Conflict("the order never started its process: cancel it", code="never_on_its_way")
    token = _meant(tokens, action.at or (order.incidents[-1].state if order.incidents else None))
    known = facts(order.order, order.locked.values)
    changes = step(tokens, token, known)
    _write(order, decision, changes, applied(tokens, changes), known)
    decision.detail = {"from": token.node, **({"to": action.node} if action.node else {})}
    if order.incidents:
        _reopen(order, decision)
    if changes.outcome is not None:
        decision.changes.end(order.locked.order_id, changes.outcome)


def _meant(tokens: Mapping[int, Token], at: str | None) -> Token:
    """The token that the person means: the one at that step, or the only one."""
    own = [t for t in tokens.values() if t.host is None and t.waits not in (Waits.JOIN, *NO_PLACES)]
    here = [t for t in tokens.values() if t.host is None and t.node == at and t.waits is not Waits.DONE]
    found = (restoring.tokens_at(tokens, at) or here) if at else own
    if len(found) == 1:
        return found[0]
    places = ", ".join(sorted({token.node for token in own}))
    if not found:
        raise Conflict(f"the order is not at {at!r}; it is at: {places}", code="not_there")
    raise Conflict(f"the order is at several steps: name one of them in at: {places}", code="several_places")


def _suspend(_action: OrderAction, order: OrderUnderAction, decision: Decision, _made: frozenset[str]) -> None:
    if order.outcome is not None:
        raise Conflict("the order rests as an exception: there is nothing to suspend", code="order_ended")
    if order.locked.suspended:
        raise Conflict("the order is suspended already", code="order_suspended")
    decision.update.suspends = True


def _resume(_action: OrderAction, order: OrderUnderAction, decision: Decision, _made: frozenset[str]) -> None:
    if not order.locked.suspended:
        raise Conflict("the order is not suspended", code="not_suspended")
    decision.update.suspends = False
    for row in order.locked.rows.values():
        # A leased token moves with its function. A timer keeps its moment; watch_deadlines wakes the far ones.
        if row.token.waits is Waits.SERVICE and row.token_id not in order.leased:
            decision.changes.retry(row, 0)
        elif row.token.waits is Waits.TIME and (seconds := order.due_seconds[row.token_id]) < _SOON_SECONDS:
            decision.changes.wake(row, max(0, int(seconds) + 1))


_SOON_SECONDS = 600


def _cancel(action: OrderAction, order: OrderUnderAction, decision: Decision, _made: frozenset[str]) -> None:
    if order.outcome is None and _is_being_cancelled(order):
        raise Conflict("the order is being cancelled already", code="being_cancelled")
    _refuse_busy(order)
    for row in order.locked.rows.values():
        decision.changes.delete(row)
        if row.token.waits is Waits.PERSON:
            decision.changes.cancelled_tasks.append(row.token_id)
    decision.changes.insert(order.locked.order_id, 1, cancellation_place(action.person, action.reason))
    decision.update.suspends = False
    decision.next_states = (CANCELLATION,)
    _reopen(order, decision)


_DECISIONS: Mapping[str, Callable[[OrderAction, OrderUnderAction, Decision, frozenset[str]], None]] = {
    "retry": _retry,
    "correct": _correct,
    "move": _move,
    "skip": _skip,
    "suspend": _suspend,
    "resume": _resume,
    "cancel": _cancel,
}


def _is_being_cancelled(order: OrderUnderAction) -> bool:
    return any(row.token.node == CANCELLATION for row in order.locked.rows.values())


def _refuse_busy(order: OrderUnderAction) -> None:
    if order.leased:
        raise OrderBusy("a function works on the order now: try again in a moment")


def _put_back(order: OrderUnderAction) -> dict[int, Token]:
    """The order's tokens, with the snapshot of every open incident put back."""
    tokens = order.locked.tokens
    for incident in order.incidents:
        if order.outcome is None and (incident.snapshot or {}).get("goes_on"):
            raise Conflict(
                f"the order is still on the error way of {incident.state!r}: move the order instead", code="goes_on"
            )
        if incident.state == CANCELLATION:
            raise Conflict(
                "the order's cancellation has begun: retry the cancellation, or cancel again", code="being_cancelled"
            )
        tokens = restoring.put_back(order.plan, tokens, snapshot_tokens(incident.snapshot, incident.state))
    return tokens


def _go_on(order: OrderUnderAction, decision: Decision, content: Order) -> None:
    """Put back what the incidents took away. An order that could not begin begins."""
    tokens, known = _put_back(order), facts(content, order.locked.values)
    step = restoring.begun_again(order.plan, tokens, known)
    if step is None:
        _write(order, decision, TokenChanges(), tokens, known)
        return
    _write(order, decision, step, applied(tokens, step), known)
    if step.outcome is not None:
        decision.changes.end(order.locked.order_id, step.outcome)


def _write(
    order: OrderUnderAction, decision: Decision, step: TokenChanges, after: Mapping[int, Token], known: Facts
) -> None:
    locked = order.locked
    changes = restoring.difference(locked.tokens, after, step)
    write_step(
        decision.changes, order.plan, locked.order_id, locked.rows, changes, known, locked.zone, visits=locked.visits
    )
    decision.next_states = tuple(dict.fromkeys(t.node for t in changes.placed if t.waits is Waits.SERVICE))
    decision.places = resting_place(changes) if changes.placed or changes.outcome else ""


def _is_place(token: Token) -> bool:
    return token.host is None and token.waits is not Waits.DONE


def _reopen(order: OrderUnderAction, decision: Decision) -> None:
    decision.update.reopens = True
    decision.resolved_incidents = [incident.incident_id for incident in order.incidents]


def _record(action: OrderAction, order: OrderUnderAction, decision: Decision, function: str) -> None:
    stands = dict.fromkeys(row.token.node for row in order.locked.rows.values() if _is_place(row.token))
    came_from = order.outcome or ", ".join(stands)
    decision.places = decision.places or ", ".join(decision.next_states) or came_from
    decision.changes.record(
        OrderEvent(
            order_id=order.locked.order_id,
            who=function,
            what=action.action,
            from_state=came_from,
            to_state=decision.places,
            detail={"by": action.person, "reason": action.reason, **decision.detail},
        )
    )
