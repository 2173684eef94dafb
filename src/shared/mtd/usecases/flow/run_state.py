"""A batch of one state: lease its tokens, run the effect on each, decide where each goes, commit."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from mtd.domain.errors import MtdError, UnstorableError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.usecases.flow.circuit_breaker import CircuitBreaker, LeasedBatch
from mtd.usecases.flow.decide_outcome import MAXIMUM_TRIES, Decided, decide_outcome, maximum_tries
from mtd.usecases.flow.effects import Effect, EffectOutcome, Prepare, StateRun, run_effects
from mtd.usecases.flow.failures import fail_unreadable
from mtd.usecases.flow.tokens import LeasedToken, TokenReference, rounds
from mtd.usecases.ports import FlowStore

LOG = logging.getLogger(__name__)


def run_state(
    state: str,
    references: Sequence[TokenReference],
    effect: Effect,
    store: FlowStore,
    run: StateRun,
    breaker: CircuitBreaker | None = None,
) -> Json:
    """Run the state's effect on every token that is still there. `breaker` is the circuit of the system that it calls.

    It skips stale, leased and vanished tokens. Returns how many were done, retried, postponed, parked, failed and
    skipped.
    """
    return run_batch(state, references, lambda _tokens, _plans: effect, store, run, breaker)


def run_batch(
    state: str,
    references: Sequence[TokenReference],
    prepare: Prepare,
    store: FlowStore,
    run: StateRun,
    breaker: CircuitBreaker | None = None,
) -> Json:
    """The same, for an effect that is made for the leased batch."""
    if breaker is None:
        leased = store.lease(state, references)
        fail_unreadable(store, leased.unreadable, run.function)
        batch = LeasedBatch(tokens=leased.tokens)
    else:
        batch = breaker.lease_batch(state, references, store, run)
    plans = store.plans(sorted({token.process_version_id for token in batch.tokens}))

    worn_out, fit = by_tries(batch.tokens, plans)
    effect = prepare(fit, plans)
    outcomes = run_effects(fit, breaker.guarded(effect) if breaker else effect, run.parallel, run.begin_seconds)
    outcomes |= {token.token_id: EffectOutcome.failed(CUT_OFF) for token in worn_out}
    if breaker is not None and batch.tokens:
        outcomes = breaker.record_results(batch, outcomes, run)

    decided = commit_outcomes(batch.tokens, outcomes, plans, store, run)
    counts = Counter(decided.values())
    counts[Decided.PARKED] += batch.parked
    # A probe may be an order that no message of this batch names.
    skipped = max(0, len(references) - len(decided) - batch.parked)
    return {"state": state, **{each.value: counts[each] for each in Decided}, "skipped": skipped}


CUT_OFF = MtdError(
    f"the function was cut off {MAXIMUM_TRIES} times before it could answer for this order", code="cut_off"
)
"""The error of a token whose every try was cut off."""


def by_tries(tokens: Sequence[LeasedToken], plans: Mapping[int, Plan]) -> tuple[list[LeasedToken], list[LeasedToken]]:
    """The tokens whose every try was cut off with its function, and the others.

    Another try of such a token would cut off its batch again.
    """
    worn_out: list[LeasedToken] = []
    fit: list[LeasedToken] = []
    for token in tokens:
        plan = plans.get(token.process_version_id)
        node = plan.nodes.get(token.node) if plan else None
        fails = node is not None and node.on_error is not None and token.attempts > maximum_tries(token, plan)
        (worn_out if fails else fit).append(token)
    return worn_out, fit


def commit_outcomes(
    tokens: Sequence[LeasedToken],
    outcomes: Mapping[int, EffectOutcome],
    plans: Mapping[int, Plan],
    store: FlowStore,
    run: StateRun,
) -> dict[int, Decided]:
    """Commit all at once. If PostgreSQL refuses that for good, commit each alone and fail those it refuses."""
    try:
        return _commit_once(tokens, outcomes, plans, store, run)
    except UnstorableError as error:
        LOG.exception("commit refused", extra={"tokens": len(tokens)})
        refusal = error
    decided: dict[int, Decided] = {}
    for token in tokens:
        try:
            if len(tokens) > 1:
                decided |= _commit_once([token], outcomes, plans, store, run)
                continue
        except UnstorableError as error:
            refusal = error
        decided |= _commit_once([token], {token.token_id: EffectOutcome.failed(refusal)}, plans, store, run)
    return decided


def _commit_once(
    tokens: Sequence[LeasedToken],
    outcomes: Mapping[int, EffectOutcome],
    plans: Mapping[int, Plan],
    store: FlowStore,
    run: StateRun,
) -> dict[int, Decided]:
    decided: dict[int, Decided] = {}
    for batch in rounds(tokens):
        with store.unit_of_work(batch) as unit:
            for token in batch:
                if (locked := unit.locked(token)) is not None:
                    plan = plans.get(token.process_version_id)
                    outcome = outcomes[token.token_id]
                    decided[token.token_id], changes = decide_outcome(token, locked, outcome, plan, run)
                    unit.write(changes)
    return decided
