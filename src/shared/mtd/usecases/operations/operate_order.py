"""What a person may do to one order: retry, correct, move, skip, suspend, resume, cancel. Decided under its lock.

Every decision is all or nothing: the verdict is written in one transaction with the order's event, or a refusal says
why not and nothing is changed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mtd.domain.errors import Conflict
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.domain.orders.order import Order
from mtd.engine.model import tokens as engine
from mtd.engine.model.plan import CANCELLATION
from mtd.engine.model.tokens import Token, Waits
from mtd.engine.runtime import restoring
from mtd.usecases.flow.apply_trigger import active_tokens, resting_place, write_step
from mtd.usecases.flow.snapshots import snapshot_tokens
from mtd.usecases.operations.cancel_order import cancellation_token
from mtd.usecases.operations.correct_order import corrected_row, correction, refuse_what_rests_on
from mtd.usecases.operations.order_actions import Decision, OrderAction, OrderBusy, OrderUnderAction


def operate_order(
    act: OrderAction, operated: OrderUnderAction, revision: int | None, made: frozenset[str], function: str
) -> Decision:
    """Decide. `revision` is the order's as the person saw it; `made` are the effects that a correction must not touch.

    Raises Conflict where the order is not as they saw it or the action does not fit its state, InWork while a function
    works on it, ProcessError where its process does not allow it.
    """
    if revision is not None and revision != operated.revision:
        raise Conflict("somebody else has worked on the order meanwhile: look again", code="order_changed")
    if operated.outcome is not None and operated.outcome != "exception" and not operated.incidents:
        raise Conflict(f"the order has ended as {operated.outcome}", code="order_ended")
    if act.action != "cancel" and _is_being_cancelled(operated):
        raise Conflict("the order is being cancelled", code="being_cancelled")
    verdict = Decision()
    _DECISIONS[act.action](act, operated, verdict, made)
    verdict.row["order_id"] = str(operated.held.order_id)
    _tell(act, operated, verdict, function)
    return verdict


def _retry(act: OrderAction, operated: OrderUnderAction, verdict: Decision, _made: frozenset[str]) -> None:
    if not operated.incidents:
        raise Conflict("the order has no open incident: there is nothing to retry", code="nothing_to_retry")
    if any(incident.state == CANCELLATION for incident in operated.incidents):
        _cancel(act, operated, verdict, _made)
        return
    standing = active_tokens(operated.held)
    _write(operated, verdict, engine.TokenChanges(), _put_back(operated, standing))
    _reopen(operated, verdict)


def _correct(act: OrderAction, operated: OrderUnderAction, verdict: Decision, made: frozenset[str]) -> None:
    _refuse_in_work(operated)
    if operated.outcome is None and not operated.held.suspended:
        raise Conflict("the order is on its way: suspend it first", code="order_on_its_way")
    if operated.outcome is not None and not operated.incidents:
        raise Conflict("the order has no open incident: there is nothing to retry", code="nothing_to_retry")
    order, document = correction(operated.document, act.document or {})
    refuse_what_rests_on(made, operated.order, order)
    verdict.row |= corrected_row(order, document)
    verdict.detail = {
        "old": {name: value for name, value in operated.document.items() if document.get(name) != value},
        "new": {name: value for name, value in document.items() if operated.document.get(name) != value},
    }
    if operated.incidents:
        _write(operated, verdict, engine.TokenChanges(), _put_back(operated, active_tokens(operated.held)), order)
        _reopen(operated, verdict)


def _move(act: OrderAction, operated: OrderUnderAction, verdict: Decision, _made: frozenset[str]) -> None:
    target = act.node or ""
    _step_aside(act, operated, verdict, lambda tokens, token, known: restoring.move(
        operated.plan, tokens, token, target, known))  # fmt: skip


def _skip(act: OrderAction, operated: OrderUnderAction, verdict: Decision, _made: frozenset[str]) -> None:
    _step_aside(act, operated, verdict, lambda tokens, token, known: restoring.skip(
        operated.plan, tokens, token, known))  # fmt: skip


def _step_aside(
    act: OrderAction,
    operated: OrderUnderAction,
    verdict: Decision,
    step: Callable[[dict[int, Token], Token, Mapping[str, Any]], engine.TokenChanges],
) -> None:
    _refuse_in_work(operated)
    standing = active_tokens(operated.held)
    tokens = _put_back(operated, standing) if operated.incidents else dict(standing)
    if not tokens:
        raise Conflict("the order has never been on its way: cancel it", code="never_on_its_way")
    token = _meant(tokens, act.at or (operated.incidents[-1].state if operated.incidents else None))
    changes = step(tokens, token, facts(operated.order, operated.held.values))
    _write(operated, verdict, changes, engine.applied(tokens, changes))
    verdict.detail = {"from": token.node, **({"to": act.node} if act.node else {})}
    if operated.incidents:
        _reopen(operated, verdict)
    if changes.outcome is not None:
        verdict.changes.order_ends.append(
            {"order_id": str(operated.held.order_id), "outcome": changes.outcome, "reason": None}
        )


def _meant(tokens: Mapping[int, Token], at: str | None) -> Token:
    """The token that a person means: the one at that step, or the only one that could be meant."""
    own = [t for t in tokens.values() if t.host is None and t.waits not in (Waits.JOIN, Waits.INSIDE)]
    found = [token for token in tokens.values() if token.host is None and token.node == at] if at else own
    if len(found) == 1:
        return found[0]
    places = ", ".join(sorted({token.node for token in own}))
    if not found:
        raise Conflict(f"the order does not stand at {at!r} but at: {places}", code="not_there")
    raise Conflict(f"the order stands at several steps: say which (at): {places}", code="several_places")


def _suspend(_act: OrderAction, operated: OrderUnderAction, verdict: Decision, _made: frozenset[str]) -> None:
    if operated.outcome is not None:
        raise Conflict("the order rests as an exception: there is nothing to suspend", code="order_ended")
    if operated.held.suspended:
        raise Conflict("the order is suspended already", code="order_suspended")
    verdict.row["suspends"] = True


def _resume(_act: OrderAction, operated: OrderUnderAction, verdict: Decision, _made: frozenset[str]) -> None:
    if not operated.held.suspended:
        raise Conflict("the order is not suspended", code="not_suspended")
    verdict.row["suspends"] = False
    for each in operated.held.standing.values():
        row: Json = {"token_id": each.token_id, "version": each.version}
        # Whoever works on a leased one sends it on. A timer keeps its moment; watch_deadlines has the far ones.
        if each.token.waits is Waits.SERVICE and each.token_id not in operated.leased:
            verdict.changes.retries.append({**row, "delay_seconds": 0})
        elif each.token.waits is Waits.TIME and (seconds := operated.due_seconds[each.token_id]) < _SOON_SECONDS:
            verdict.changes.looks.append({**row, "delay_seconds": max(0, int(seconds) + 1)})


_SOON_SECONDS = 600


def _cancel(act: OrderAction, operated: OrderUnderAction, verdict: Decision, _made: frozenset[str]) -> None:
    if operated.outcome is None and _is_being_cancelled(operated):
        raise Conflict("the order is being cancelled already", code="being_cancelled")
    _refuse_in_work(operated)
    order_id = str(operated.held.order_id)
    for each in operated.held.standing.values():
        verdict.changes.ends.append({"token_id": each.token_id, "version": each.version})
        if each.token.waits is Waits.PERSON:
            verdict.changes.left.append({"token_id": each.token_id})
    verdict.changes.tokens.append(cancellation_token(order_id, act.person, act.reason))
    verdict.row |= {"suspends": False}
    verdict.rests = (CANCELLATION,)
    _reopen(operated, verdict)


_DECISIONS: Mapping[str, Callable[[OrderAction, OrderUnderAction, Decision, frozenset[str]], None]] = {
    "retry": _retry, "correct": _correct, "move": _move, "skip": _skip, "suspend": _suspend, "resume": _resume,
    "cancel": _cancel,
}  # fmt: skip


def _is_being_cancelled(operated: OrderUnderAction) -> bool:
    return any(each.token.node == CANCELLATION for each in operated.held.standing.values())


def _refuse_in_work(operated: OrderUnderAction) -> None:
    if operated.leased:
        raise OrderBusy("a function works on the order right now: try again in a moment")


def _put_back(operated: OrderUnderAction, standing: Mapping[int, Token]) -> dict[int, Token]:
    """The order's tokens with those of every open incident where they stood."""
    tokens = dict(standing)
    for incident in operated.incidents:
        if operated.outcome is None and (incident.stood or {}).get("goes_on"):
            raise Conflict(f"the error way of {incident.state!r} goes on: move the order instead", code="goes_on")
        if incident.state == CANCELLATION:
            raise Conflict("the order's cancellation has begun: retry that, or cancel again", code="being_cancelled")
        tokens = restoring.put_back(operated.plan, tokens, snapshot_tokens(incident.stood, incident.state))
    return tokens


def _write(
    operated: OrderUnderAction,
    verdict: Decision,
    step: engine.TokenChanges,
    after: Mapping[int, Token],
    order: Order | None = None,
) -> None:
    standing = active_tokens(operated.held)
    changes = restoring.difference(standing, after, step)
    known = facts(order or operated.order, operated.held.values)
    held = operated.held
    write_step(verdict.changes, operated.plan, held.order_id, held.standing, changes, known)
    verdict.rests = tuple(dict.fromkeys(t.node for t in changes.placed if t.waits is Waits.SERVICE))
    verdict.said = resting_place(changes) if changes.placed or changes.outcome else ""


def _reopen(operated: OrderUnderAction, verdict: Decision) -> None:
    verdict.row["reopens"] = True
    verdict.resolved = [incident.incident_id for incident in operated.incidents]


def _tell(act: OrderAction, operated: OrderUnderAction, verdict: Decision, function: str) -> None:
    places = dict.fromkeys(each.token.node for each in operated.held.standing.values() if each.token.host is None)
    came_from = operated.outcome or ", ".join(places)
    verdict.said = verdict.said or (", ".join(verdict.rests) or came_from)
    verdict.changes.events.append(
        {
            "order_id": str(operated.held.order_id),
            "who": function,
            "source": "PostgreSQL",
            "what": act.action,
            "from_state": came_from,
            "to_state": verdict.said,
            "detail": {"by": act.person, "reason": act.reason, **verdict.detail},
        }
    )
