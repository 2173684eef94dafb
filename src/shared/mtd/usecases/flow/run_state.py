"""What every state has in common: lease a batch of tokens, do the effect on each, commit where each goes."""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from mtd.domain import retry
from mtd.domain.errors import MtdError, RetryableError, UnstorableError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.usecases.flow.cases import Changes, Effect, EffectResult, LeasedToken, LockedOrder, Reference
from mtd.usecases.flow.circuit_breaker import CircuitBreaker, LeasedBatch
from mtd.usecases.flow.state_outcome import EffectOutcome, StateRun, changes_of, maximum_tries
from mtd.usecases.ports import FlowStore

LOG = logging.getLogger(__name__)


def run_state(
    state: str,
    references: Sequence[Reference],
    effect: Effect,
    work: FlowStore,
    run: StateRun,
    breaker: CircuitBreaker | None = None,
) -> Json:
    """Run the state's effect on every token that still stands there; `breaker` is the circuit of the system it calls.

    Stale, leased and vanished tokens are no-ops. Returns how many were done, retried, parked, failed and skipped.
    """
    batch = (
        breaker.lease_batch(state, references, work, run)
        if breaker
        else LeasedBatch(cases=work.lease(state, references).cases)
    )
    cases = batch.cases
    plans = work.plans(sorted({case.process_version_id for case in cases}))
    worn_out = {case.token_id for case in cases if _worn_out(case, plans.get(case.process_version_id))}
    guarded = breaker.guarded(effect) if breaker else effect
    outcomes = run_all([case for case in cases if case.token_id not in worn_out], guarded, run.parallel)
    outcomes |= {token_id: EffectOutcome(done=None, error=_CUT_OFF, ms=0) for token_id in worn_out}
    if breaker and cases:
        outcomes = breaker.record_results(batch, outcomes, run)
    kinds: dict[int, str] = {}
    if cases:
        _commit(cases, outcomes, kinds, plans, work, run)
    counts = {kind: sum(each == kind for each in kinds.values()) for kind in ("done", "retried", "parked", "failed")}
    counts["parked"] += batch.parked
    # A probe may be an order that no message of this batch spoke of.
    return {"state": state, **counts, "skipped": max(0, len(references) - len(kinds) - batch.parked)}


_CUT_OFF = MtdError(f"cut off {retry.MAXIMUM_TRIES} times before it could answer", code="cut_off")


def _worn_out(case: LeasedToken, plan: Plan | None) -> bool:
    """Whether every try was cut off with its function: another one would take its batch along again."""
    node = plan.nodes.get(case.node) if plan else None
    return node is not None and node.on_error is not None and case.attempts > maximum_tries(case, plan)


def _commit(
    cases: Sequence[LeasedToken],
    outcomes: Mapping[int, EffectOutcome],
    kinds: dict[int, str],
    plans: Mapping[int, Plan],
    work: FlowStore,
    run: StateRun,
) -> None:
    """Commit all at once; where PostgreSQL refuses that for good, each alone, and what it refuses as a failure."""

    def decide(case: LeasedToken, held: LockedOrder) -> Changes:
        outcome = outcomes[case.token_id] if refusal is None else EffectOutcome(done=None, error=refusal, ms=0)
        kinds[case.token_id], changes = changes_of(case, held, outcome, plans.get(case.process_version_id), run)
        return changes

    refusal: MtdError | None = None
    try:
        work.commit(cases, decide)
        return
    except UnstorableError as error:
        LOG.exception("commit refused", extra={"tokens": len(cases)})
        told: MtdError = error
    for case in cases:
        try:
            refusal = None
            if len(cases) > 1:
                work.commit([case], decide)
                continue
        except UnstorableError as error:
            told = error
        refusal = told
        work.commit([case], decide)


def run_all(cases: Sequence[LeasedToken], effect: Effect, parallel: int) -> dict[int, EffectOutcome]:
    """The effect on every case, `parallel` at a time; the outcomes by token."""

    def run_one(case: LeasedToken) -> EffectOutcome:
        started = time.perf_counter()
        done: EffectResult | None = None
        error: MtdError | None = None
        try:
            done = effect(case)
        except MtdError as known:
            error = known
        except Exception as unknown:
            LOG.exception("effect failed", extra={"order_id": str(case.order_id), "state": case.node})
            error = RetryableError(f"{type(unknown).__name__}: {unknown}", code="unexpected")
        return EffectOutcome(done=done, error=error, ms=(time.perf_counter() - started) * 1000)

    if parallel == 1 or len(cases) < 2:
        return {case.token_id: run_one(case) for case in cases}
    with ThreadPoolExecutor(min(parallel, len(cases))) as pool:
        return dict(zip((case.token_id for case in cases), pool.map(run_one, cases), strict=True))
