"""Decides the order's way after an effect: the next node, the error way, another try, parking, or an exception."""

import logging
import random
from enum import StrEnum

from mtd.domain.errors import MtdError, NotBegunError, ProcessError, RetryableError
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import TaskAccepted, TaskCompleted, TaskFailed, TokenChanges, Trigger
from mtd.usecases.flow.apply_trigger import resting_place, take_step
from mtd.usecases.flow.changes import LONGEST_DELAY_SECONDS, Changes, IncidentUpdate, OrderEvent, OrderTotal
from mtd.usecases.flow.effects import EffectOutcome, EffectResult, Parking, StateRun
from mtd.usecases.flow.failures import fail_order, process_error, snapshot_before_failure, snapshot_of_all
from mtd.usecases.flow.tokens import LeasedToken, LockedOrder
from mtd.usecases.flow.trace import hop

LOG = logging.getLogger(__name__)

MAXIMUM_TRIES = 10
# SQS delays a message by at most 15 minutes.
_LONGEST_SECONDS = 900


class Decided(StrEnum):
    """The decision on a token after its effect."""

    DONE = "done"
    RETRIED = "retried"
    POSTPONED = "postponed"
    PARKED = "parked"
    FAILED = "failed"


def maximum_tries(token: LeasedToken, plan: Plan | None) -> int:
    """The number of tries of a task: the diagram's, else the usual one."""
    node = plan.nodes.get(token.node) if plan else None
    return MAXIMUM_TRIES if node is None or node.retries is None else node.retries + 1


def delay_seconds(tries: int, base_seconds: float, random_share: float | None = None) -> float:
    """Seconds to wait after `tries` failed tries (1 for the first), doubled each time, less up to half as jitter."""
    share = random.random() if random_share is None else random_share
    return min(base_seconds * 2.0 ** (tries - 1), _LONGEST_SECONDS) * (1 - share / 2)


def decide_outcome(
    token: LeasedToken, locked: LockedOrder, outcome: EffectOutcome, plan: Plan | None, run: StateRun
) -> tuple[Decided, Changes]:
    """Decide under the order's lock. An order whose process cannot go on becomes an exception."""
    if plan is None:
        missing = ProcessError(f"process version {token.process_version_id} does not exist", code="no_such_process")
        return Decided.FAILED, _fail(token, locked, outcome, missing, run)
    if (error := outcome.error) is not None:
        if outcome.parking is not None:
            return Decided.PARKED, _park(token, outcome, outcome.parking, error, run)
        if isinstance(error, NotBegunError):
            return Decided.POSTPONED, _postpone(token, error)
        if isinstance(error, RetryableError) and token.attempts < maximum_tries(token, plan):
            return Decided.RETRIED, _retry(token, outcome, error, run)
    try:
        if error is not None:
            return Decided.FAILED, _take_error_way(token, locked, outcome, error, plan, run)
        assert outcome.result is not None
        return Decided.DONE, _go_on(token, locked, outcome, outcome.result, plan, run)
    except Exception as stuck:
        LOG.exception("the process cannot go on", extra={"order_id": str(token.order_id), "state": token.node})
        return Decided.FAILED, _fail(token, locked, outcome, process_error(stuck), run)


def _park(token: LeasedToken, outcome: EffectOutcome, parking: Parking, error: MtdError, run: StateRun) -> Changes:
    changes = Changes()
    changes.park(token, parking.system, probe_in=parking.probe_in)
    detail: Json = {"system": parking.system, "code": error.code, "message": str(error)}
    changes.record(_event(token, outcome, run, "parked", token.node, detail))
    return changes


def _postpone(token: LeasedToken, error: NotBegunError) -> Changes:
    changes = Changes()
    changes.postpone(token, error.retry_after or 0.0)
    return changes


def _retry(token: LeasedToken, outcome: EffectOutcome, error: RetryableError, run: StateRun) -> Changes:
    changes = Changes()
    delay = delay_seconds(token.attempts, run.retry_base_seconds)
    if error.retry_after is not None:
        delay = min(max(delay, error.retry_after), LONGEST_DELAY_SECONDS)
    changes.retry(token, delay)
    detail: Json = {"code": error.code, "message": str(error), "attempt": token.attempts}
    changes.record(_event(token, outcome, run, "retry", token.node, {**detail, "delay_seconds": round(delay, 2)}))
    return changes


def _take_error_way(
    token: LeasedToken, locked: LockedOrder, outcome: EffectOutcome, error: MtdError, plan: Plan, run: StateRun
) -> Changes:
    changes, own = Changes(), locked.token_of_row(token.token_id)
    failure: Json = {
        "failed": token.node,
        "code": error.code,
        "message": str(error)[:500],
        "attempts": token.attempts,
    }
    kept = {**failure, "kind": error.kind, "payload": error.payload}
    known = facts(token.order, locked.values)
    step = take_step(changes, plan, locked, TaskFailed(token=own.id, code=error.code), known, failure=kept)
    _end(changes, token, step, None)
    changes.record(_event(token, outcome, run, "failed", resting_place(step), failure))
    return changes


def _go_on(
    token: LeasedToken, locked: LockedOrder, outcome: EffectOutcome, result: EffectResult, plan: Plan, run: StateRun
) -> Changes:
    changes, own = Changes(), locked.token_of_row(token.token_id)
    known = facts(token.order, locked.values)
    trigger: Trigger = TaskCompleted(token=own.id, values=result.values)
    if result.accepted:
        trigger = TaskAccepted(token=own.id)
    step = take_step(changes, plan, locked, trigger, known, token.data or None)
    _write_result(changes, token, result)
    if "stood" in token.data:
        # The token is on its error way: the incident must keep the tokens that this way has consumed.
        snapshot = snapshot_before_failure(token.data, locked, own.id, step)
        if result.incident is None:
            changes.incident_updates.append(IncidentUpdate(token_id=token.token_id, snapshot=snapshot))
        else:
            changes.fail(result.incident.with_snapshot(snapshot))
    elif result.incident is not None:
        changes.fail(result.incident)
    _end(changes, token, step, result)
    what = "accepted" if result.accepted else "done"
    changes.record(_event(token, outcome, run, what, resting_place(step), result.detail))
    return changes


def _fail(
    token: LeasedToken, locked: LockedOrder, outcome: EffectOutcome, stuck: ProcessError, run: StateRun
) -> Changes:
    """End the order as an exception. If it was on its error way, the incident names the failure that led there."""
    result, error = outcome.result, outcome.error or stuck
    snapshot = snapshot_of_all(locked)
    detail: Json = {**(result.detail if result else {}), "process": str(stuck), "hops": list(run.hops)}
    changes = fail_order(token, error, snapshot=snapshot, who=run.function, detail=detail)
    if result is not None:
        _write_result(changes, token, result)
        if result.incident is not None:
            own = locked.token_of_row(token.token_id).id
            snapshot = snapshot_before_failure(token.data, locked, own, None)
            changes.incidents = [result.incident.with_snapshot(snapshot)]
            changes.order_ends.clear()
            changes.end(token.order_id, "exception", result.end_reason)
    return changes


def _write_result(changes: Changes, token: LeasedToken, result: EffectResult) -> None:
    changes.documents += [(token.order_id, document) for document in result.documents]
    if result.total is not None:
        changes.totals.append(OrderTotal(order_id=token.order_id, total=result.total))
    for kind in result.mails:
        changes.mail(token.order_id, kind)


def _end(changes: Changes, token: LeasedToken, step: TokenChanges, result: EffectResult | None) -> None:
    if step.outcome is not None:
        changes.end(token.order_id, step.outcome, result.end_reason if result else None)


def _event(
    token: LeasedToken, outcome: EffectOutcome, run: StateRun, what: str, to_state: str, detail: Json
) -> OrderEvent:
    hops = [
        *run.hops,
        hop("Lambda", run.function, ms=outcome.ms, request_id=run.request_id),
        *(outcome.result.hops if outcome.result else ()),
    ]
    return OrderEvent(
        order_id=token.order_id,
        who=run.function,
        what=what,
        from_state=token.node,
        to_state=to_state,
        ms=round(outcome.ms, 2),
        request_id=run.request_id,
        detail={**detail, "hops": hops},
    )
