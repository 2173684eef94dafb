"""What a state's effect on one order came to, and what is written for it."""

import logging
from dataclasses import dataclass

from mtd.domain import retry
from mtd.domain.errors import MtdError, ProcessError, RetryableError
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.engine.model import tokens as engine
from mtd.engine.model.plan import Plan
from mtd.usecases.flow.apply_trigger import active_tokens, resting_place, take_step, token_of_row
from mtd.usecases.flow.cases import Changes, EffectResult, LeasedToken, LockedOrder
from mtd.usecases.flow.fail_order import fail_order
from mtd.usecases.flow.snapshots import snapshot_before_failure, snapshot_of_all
from mtd.usecases.flow.trace import Hop, hop

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRun:
    """One batch of one state: who runs it, and the hops that led here."""

    function: str
    request_id: str
    hops: tuple[Hop, ...] = ()
    retry_base_seconds: float = 1.0
    parallel: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """The order is parked until the circuit of `system` closes; in `look_seconds` it, or another, probes."""

    system: str
    look_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectOutcome:
    """What became of one effect: it is done, or it raised and is parked perhaps; `ms` is how long it took."""

    done: EffectResult | None
    error: MtdError | None
    ms: float
    parking: Parking | None = None


def maximum_tries(case: LeasedToken, plan: Plan | None) -> int:
    """How often the task is tried: as its diagram says, else as every task is."""
    node = plan.nodes.get(case.node) if plan else None
    return retry.MAXIMUM_TRIES if node is None or node.retries is None else node.retries + 1


def changes_of(
    case: LeasedToken, held: LockedOrder, outcome: EffectOutcome, plan: Plan | None, run: StateRun
) -> tuple[str, Changes]:
    """`done`, `retried`, `parked` or `failed`, and the rows for it: where the plan leads, or the order set aside."""
    try:
        if plan is None:
            raise ProcessError(f"process version {case.process_version_id} is not there", code="no_such_process")
        return _way(case, held, outcome, plan, run)
    except ProcessError as error:
        LOG.exception("the process cannot go on", extra={"order_id": str(case.order_id), "state": case.node})
        aside = fail_order(
            case,
            outcome.error or error,
            stood=_stood_aside(case, held, outcome),
            who=run.function,
            detail={**(outcome.done.detail if outcome.done else {}), "process": str(error), "hops": list(run.hops)},
        )
        if outcome.done:
            _write_done(aside, case, outcome.done)
            if outcome.done.incident:
                # The failure that brought it here, not that its error way leads nowhere, is what a person must see to.
                stood = aside.incidents.pop(0)["stood"]
                aside.incidents[0]["stood"] = stood
                aside.order_ends[0]["reason"] = outcome.done.outcome_reason
        return "failed", aside


def _stood_aside(case: LeasedToken, held: LockedOrder, outcome: EffectOutcome) -> Json:
    if outcome.done is not None and outcome.done.incident:
        return snapshot_before_failure(case.data, active_tokens(held), token_of_row(held, case.token_id).id, None)
    return snapshot_of_all(held)


def _way(
    case: LeasedToken, held: LockedOrder, outcome: EffectOutcome, plan: Plan, run: StateRun
) -> tuple[str, Changes]:
    changes = Changes()
    error, token = outcome.error, token_of_row(held, case.token_id)
    if outcome.parking is not None and error is not None:
        _park(changes, case, outcome, outcome.parking, run)
        return "parked", changes
    if isinstance(error, RetryableError) and case.attempts < maximum_tries(case, plan):
        delay = retry.delay_seconds(case.attempts, run.retry_base_seconds)
        changes.retries.append({"token_id": case.token_id, "version": case.version, "delay_seconds": delay})
        _event(
            changes, case, outcome, run, "retry", case.node,
            {"code": error.code, "message": str(error), "attempt": case.attempts, "delay_seconds": round(delay, 2)},
        )  # fmt: skip
        return "retried", changes
    known = facts(case.order, held.values)
    if error is not None:
        failure = {
            "failed": case.node,
            "code": error.code,
            "message": str(error)[:500],
            "attempts": case.attempts,
        }
        kept = {**failure, "kind": error.kind, "payload": error.payload}
        step = take_step(changes, plan, held, engine.TaskFailed(token=token.id, code=error.code), known, failure=kept)
        _end(changes, case, outcome, run, step, "failed", failure)
        return "failed", changes
    assert outcome.done is not None
    step = take_step(changes, plan, held, engine.TaskCompleted(token=token.id), known, case.data or None)
    _write_done(changes, case, outcome.done)
    if "stood" in case.data:
        stood = snapshot_before_failure(case.data, active_tokens(held), token.id, step)
        if changes.incidents:
            changes.incidents[0]["stood"] = stood
        else:
            changes.lost.append({"token_id": case.token_id, "stood": stood})
    _end(changes, case, outcome, run, step, "done", outcome.done.detail)
    return "done", changes


def _park(changes: Changes, case: LeasedToken, outcome: EffectOutcome, parking: Parking, run: StateRun) -> None:
    error = outcome.error
    assert error is not None
    changes.parks.append({"token_id": case.token_id, "version": case.version, "system": parking.system})
    if parking.look_seconds is not None:
        look = {"token_id": case.token_id, "version": case.version + 1, "delay_seconds": parking.look_seconds}
        changes.looks.append(look)
    told = {"system": parking.system, "code": error.code, "message": str(error)}
    _event(changes, case, outcome, run, "parked", case.node, told)


def _write_done(changes: Changes, case: LeasedToken, done: EffectResult) -> None:
    order_id = str(case.order_id)
    if done.document:
        changes.documents.append({"order_id": order_id, **done.document})
    if done.total:
        changes.totals.append({"order_id": order_id, "total": done.total})
    changes.mails += [{"order_id": order_id, "kind": kind} for kind in done.mails]
    if done.incident:
        changes.incidents.append(
            {"order_id": order_id, "token_id": case.token_id, "version": case.version, **done.incident}
        )


def _end(
    changes: Changes,
    case: LeasedToken,
    outcome: EffectOutcome,
    run: StateRun,
    step: engine.TokenChanges,
    what: str,
    detail: Json,
) -> None:
    if step.outcome is not None:
        reason = outcome.done.outcome_reason if outcome.done else None
        changes.order_ends.append({"order_id": str(case.order_id), "outcome": step.outcome, "reason": reason})
    _event(changes, case, outcome, run, what, resting_place(step), detail)


def _event(
    changes: Changes, case: LeasedToken, outcome: EffectOutcome, run: StateRun, what: str, to_state: str, detail: Json
) -> None:
    hops = [
        *run.hops,
        hop("Lambda", run.function, ms=outcome.ms, request_id=run.request_id),
        *(outcome.done.hops if outcome.done else ()),
    ]
    changes.events.append(
        {
            "order_id": str(case.order_id),
            "who": run.function,
            "source": "PostgreSQL",
            "what": what,
            "from_state": case.node,
            "to_state": to_state,
            "ms": round(outcome.ms, 2),
            "request_id": run.request_id,
            "detail": {**detail, "hops": hops},
        }
    )
