"""What every state has in common: lease a batch of tokens, do the effect on each, commit where each goes."""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from mtd.domain import retry
from mtd.domain.errors import MtdError, RetryableError, UnstorableError
from mtd.engine.plan import Plan
from mtd.usecases.breaker import Breaker, Taken
from mtd.usecases.cases import Case, Changes, Done, Effect, Held, Json, Reference
from mtd.usecases.ports import Work
from mtd.usecases.state_outcome import Outcome, StateRun, changes_of, tries

LOG = logging.getLogger(__name__)


def run_state(
    state: str,
    references: Sequence[Reference],
    effect: Effect,
    work: Work,
    run: StateRun,
    breaker: Breaker | None = None,
) -> Json:
    """Run the state's effect on every token that still stands there; `breaker` is the circuit of the system it calls.

    Stale, leased and vanished tokens are no-ops. Returns how many were done, retried, parked, failed and skipped.
    """
    taken = breaker.take(state, references, work, run) if breaker else Taken(cases=work.lease(state, references).cases)
    cases = taken.cases
    plans = work.plans(sorted({case.process_version_id for case in cases}))
    worn_out = {case.token_id for case in cases if _worn_out(case, plans.get(case.process_version_id))}
    guarded = breaker.guarded(effect) if breaker else effect
    outcomes = run_all([case for case in cases if case.token_id not in worn_out], guarded, run.parallel)
    outcomes |= {token_id: Outcome(done=None, error=_CUT_OFF, ms=0) for token_id in worn_out}
    if breaker and cases:
        outcomes = breaker.hear(taken, outcomes, run)
    kinds: dict[int, str] = {}
    if cases:
        _commit(cases, outcomes, kinds, plans, work, run)
    counts = {kind: sum(each == kind for each in kinds.values()) for kind in ("done", "retried", "parked", "failed")}
    counts["parked"] += taken.parked
    # A probe may be an order that no message of this batch spoke of.
    return {"state": state, **counts, "skipped": max(0, len(references) - len(kinds) - taken.parked)}


_CUT_OFF = MtdError(f"cut off {retry.MAXIMUM_TRIES} times before it could answer", code="cut_off")


def _worn_out(case: Case, plan: Plan | None) -> bool:
    """Whether every try was cut off with its function: another one would take its batch along again."""
    node = plan.nodes.get(case.node) if plan else None
    return node is not None and node.on_error is not None and case.attempts > tries(case, plan)


def _commit(
    cases: Sequence[Case],
    outcomes: Mapping[int, Outcome],
    kinds: dict[int, str],
    plans: Mapping[int, Plan],
    work: Work,
    run: StateRun,
) -> None:
    """Commit all at once; where PostgreSQL refuses that for good, each alone, and what it refuses as a failure."""

    def decide(case: Case, held: Held) -> Changes:
        outcome = outcomes[case.token_id] if refusal is None else Outcome(done=None, error=refusal, ms=0)
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


def run_all(cases: Sequence[Case], effect: Effect, parallel: int) -> dict[int, Outcome]:
    """The effect on every case, `parallel` at a time; the outcomes by token."""

    def run_one(case: Case) -> Outcome:
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
        return Outcome(done=done, error=error, ms=(time.perf_counter() - started) * 1000)

    if parallel == 1 or len(cases) < 2:
        return {case.token_id: run_one(case) for case in cases}
    with ThreadPoolExecutor(min(parallel, len(cases))) as pool:
        return dict(zip((case.token_id for case in cases), pool.map(run_one, cases), strict=True))
