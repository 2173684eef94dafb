"""What every state has in common: lease a batch of tokens, do the effect on each, commit where each goes."""

import hashlib
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mtd.domain import retry
from mtd.domain.errors import BusinessError, MtdError, RetryableError
from mtd.engine import interpreter
from mtd.engine.plan import Plan
from mtd.usecases.ports import Case, Changes, Done, Effect, Json, Reference, Work
from mtd.usecases.trail import Hop, hop

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
class _Outcome:
    done: Done | None
    error: MtdError | None
    ms: float


def run_state(state: str, references: Sequence[Reference], effect: Effect, work: Work, run: StateRun) -> Json:
    """Run the state's effect on every token that still stands there.

    Stale, leased and vanished tokens are no-ops. Returns how many were done, retried, failed and skipped.
    """
    cases = work.lease(state, references)
    plans = work.plans(sorted({case.process_version_id for case in cases}))
    outcomes = _run_all(cases, effect, run.parallel)
    counts = {"done": 0, "retried": 0, "failed": 0, "skipped": len(references) - len(cases)}
    changes: dict[int, Changes] = {}
    for case, outcome in zip(cases, outcomes, strict=True):
        kind, changes[case.token_id] = _changes(case, outcome, plans[case.process_version_id], run)
        counts[kind] += 1
    if cases:
        work.commit(changes, cases)
    return {"state": state, **counts}


def _run_all(cases: Sequence[Case], effect: Effect, parallel: int) -> list[_Outcome]:
    def run_one(case: Case) -> _Outcome:
        started = time.perf_counter()
        done: Done | None = None
        error: MtdError | None = None
        try:
            done = effect(case)
        except MtdError as known:
            error = known
        except Exception as unknown:
            LOG.exception("effect failed", extra={"order_id": str(case.order_id), "state": case.node})
            error = RetryableError(f"{type(unknown).__name__}: {unknown}", code="unexpected")
        return _Outcome(done=done, error=error, ms=(time.perf_counter() - started) * 1000)

    if parallel == 1 or len(cases) < 2:
        return [run_one(case) for case in cases]
    with ThreadPoolExecutor(min(parallel, len(cases))) as pool:
        return list(pool.map(run_one, cases))


def facts(case: Case) -> dict[str, bool]:
    """What gateways may ask of an order."""
    return {"gift_card": case.order.gift_card is not None}


def _changes(case: Case, outcome: _Outcome, plan: Plan, run: StateRun) -> tuple[str, Changes]:
    changes = Changes()
    error = outcome.error
    if isinstance(error, RetryableError) and case.attempts < retry.MAXIMUM_TRIES:
        delay = retry.delay_seconds(case.attempts, run.retry_base_seconds)
        changes.retries.append({"token_id": case.token_id, "version": case.version, "delay_seconds": delay})
        _event(
            changes, case, outcome, run, "retry", case.node,
            {"code": error.code, "message": str(error), "attempt": case.attempts, "delay_seconds": round(delay, 2)},
        )  # fmt: skip
        return "retried", changes
    if error is not None:
        failure = {
            "failed": case.node,
            "code": error.code,
            "message": str(error)[:500],
            "attempts": case.attempts,
        }
        _go(
            changes,
            case,
            outcome,
            run,
            interpreter.fail(plan, case.node, facts(case)),
            "failed",
            failure,
            failure,
        )
        return "failed", changes
    assert outcome.done is not None
    _write_done(changes, case, outcome.done)
    step = interpreter.complete(plan, case.node, facts(case))
    _go(changes, case, outcome, run, step, "done", outcome.done.detail, case.data or None)
    return "done", changes


def _write_done(changes: Changes, case: Case, done: Done) -> None:
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


def _go(
    changes: Changes, case: Case, outcome: _Outcome, run: StateRun, step: interpreter.Step, what: str, detail: Json,
    data: Json | None,
) -> None:  # fmt: skip
    for node in step.rests:
        changes.moves.append({"token_id": case.token_id, "version": case.version, "node": node, "data": data})
    for end in step.ends:
        changes.ends.append({"token_id": case.token_id, "version": case.version})
        reason = outcome.done.outcome_reason if outcome.done else None
        changes.order_ends.append({"order_id": str(case.order_id), "outcome": end, "reason": reason})
    _event(changes, case, outcome, run, what, (step.rests + step.ends)[0], detail)


def _event(
    changes: Changes, case: Case, outcome: _Outcome, run: StateRun, what: str, to_state: str, detail: Json
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


def fingerprint(state: str, code: str) -> str:
    """Groups incidents of one cause: the state and the error's stable code."""
    return hashlib.sha256(f"{state}\n{code}".encode()).hexdigest()[:16]


def refused(error: BusinessError) -> Json:
    """A refusal as detail."""
    return {"code": error.code, "message": str(error)}
