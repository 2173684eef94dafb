"""A state's batch under the circuit of its legacy system: who may try, what was update, who is parked.

While the system answers this costs nothing: the lease says how the circuit is, and nothing is asked or written.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mtd.domain.circuit import CallResults, CircuitState
from mtd.domain.errors import BusinessError, MtdError, NoAnswerError
from mtd.domain.json_types import Json
from mtd.usecases.flow.cases import Effect, EffectResult, LeasedToken, Reference
from mtd.usecases.flow.state_outcome import EffectOutcome, Parking, StateRun
from mtd.usecases.flow.trace import hop
from mtd.usecases.ports import FlowStore

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What became of a batch that met an open circuit: the one order that tries, if it is time, and the parked ones."""

    cases: list[LeasedToken]
    parked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitUpdate:
    """How the circuit is after a results; `probe_in` are seconds until an order is to look again, None: not by us."""

    open: bool
    probe_in: float | None = None


class Circuits(Protocol):
    """The circuits of PostgreSQL, as a state's function uses them: each method is one transaction."""

    def probe(self, system: str, server: str, references: Sequence[Reference], who: str, detail: Json) -> Probe | None:
        """Park the tokens, with `detail` in their events, and lease one that probes if it is time.

        That is the token of this server that is parked the longest, or the first of the batch. None when the circuit
        has closed meanwhile.
        """
        ...

    def record_results(self, system: str, results: CallResults, who: str) -> CircuitUpdate:
        """Write down what was update. When it closes the circuit, the first parked tokens are released."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedBatch:
    """The cases of a batch that may try; how the circuit was, and how many tokens were parked untried."""

    cases: list[LeasedToken]
    seen: CircuitState = CircuitState.CLOSED
    probing: bool = False
    parked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreaker:
    """The circuit of `system`, which opens after `threshold` orders without an answer."""

    system: str
    circuits: Circuits
    threshold: int

    def lease_batch(self, state: str, references: Sequence[Reference], work: FlowStore, run: StateRun) -> LeasedBatch:
        """Lease the batch; where the circuit is open park it, but for an order that probes."""
        while (leased := work.lease(state, references, self.system)).circuit is CircuitState.OPEN:
            hops = [*run.hops, hop("Lambda", run.function, request_id=run.request_id)]
            detail = {"system": self.system, "hops": hops}
            probe = self.circuits.probe(self.system, state, references, run.function, detail)
            if probe is not None:
                return LeasedBatch(
                    cases=probe.cases, seen=CircuitState.OPEN, probing=bool(probe.cases), parked=probe.parked
                )
        return LeasedBatch(cases=leased.cases, seen=leased.circuit)

    def guarded(self, effect: Effect) -> Effect:
        """The effect, which is not tried on the rest of a batch when its first `threshold` orders had no answer.

        A hundred time-outs one after the other would take longer than their function has.
        """
        answers: list[bool] = []

        def guarded(case: LeasedToken) -> EffectResult:
            if answers.count(False) >= self.threshold and not any(answers):
                raise NoAnswerError(f"not tried: {self.system} answers no order of the batch", code="not_tried")
            try:
                done = effect(case)
            except NoAnswerError:
                answers.append(False)
                raise
            except BusinessError as refusal:
                if _is_refusal(refusal):
                    answers.append(True)
                raise
            answers.append(True)
            return done

        return guarded

    def record_results(
        self, batch: LeasedBatch, outcomes: Mapping[int, EffectOutcome], run: StateRun
    ) -> dict[int, EffectOutcome]:
        """The outcomes; where the circuit is open then, those without an answer are parked instead of tried again."""
        answered = any(_answered(outcome) for outcome in outcomes.values())
        unanswered = [case for case in batch.cases if isinstance(outcomes[case.token_id].error, NoAnswerError)]
        must_report = batch.probing or (batch.seen is CircuitState.FAILING if answered else bool(unanswered))
        if not must_report:
            return dict(outcomes)
        why = next((f"{o.error} ({o.error.code})" for o in outcomes.values() if isinstance(o.error, NoAnswerError)), "")
        update = self.circuits.record_results(
            self.system,
            CallResults(
                answered=answered, unanswered=[c.order_id for c in unanswered], probing=batch.probing, why=why[:500]
            ),
            run.function,
        )
        if not update.open:
            return dict(outcomes)
        LOG.warning("parked", extra={"system": self.system, "tokens": len(unanswered), "reason": why})
        parked = dict(outcomes)
        for place, case in enumerate(unanswered):
            look = math.ceil(update.probe_in) if update.probe_in is not None and place == 0 else None
            parking = Parking(system=self.system, look_seconds=look)
            parked[case.token_id] = replace(outcomes[case.token_id], parking=parking)
        return parked


def _answered(outcome: EffectOutcome) -> bool:
    return outcome.done is not None or _is_refusal(outcome.error)


def _is_refusal(error: MtdError | None) -> bool:
    """Whether the system itself has refused, not a rule of ours: then the request is there that it refused."""
    return isinstance(error, BusinessError) and error.payload is not None
