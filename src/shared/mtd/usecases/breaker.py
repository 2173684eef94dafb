"""A state's batch under the circuit of its legacy system: who may try, what was heard, who is parked.

While the system answers this costs nothing: the lease says how the circuit is, and nothing is asked or written.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mtd.domain.circuit import Hearing, Seen
from mtd.domain.errors import BusinessError, MtdError, NoAnswerError
from mtd.usecases.cases import Case, Done, Effect, Json, Reference
from mtd.usecases.ports import Work
from mtd.usecases.state_outcome import Outcome, Parking, StateRun
from mtd.usecases.trail import hop

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What became of a batch that met an open circuit: the one order that tries, if it is time, and the parked ones."""

    cases: list[Case]
    parked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How the circuit is after a hearing; `probe_in` are seconds until an order is to look again, None: not by us."""

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

    def hear(self, system: str, hearing: Hearing, who: str) -> Heard:
        """Write down what was heard. When it closes the circuit, the first parked tokens are released."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The cases of a batch that may try; how the circuit was, and how many tokens were parked untried."""

    cases: list[Case]
    seen: Seen = Seen.CLOSED
    probing: bool = False
    parked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """The circuit of `system`, which opens after `threshold` orders without an answer."""

    system: str
    circuits: Circuits
    threshold: int

    def take(self, state: str, references: Sequence[Reference], work: Work, run: StateRun) -> Taken:
        """Lease the batch; where the circuit is open park it, but for an order that probes."""
        while (leased := work.lease(state, references, self.system)).circuit is Seen.OPEN:
            hops = [*run.hops, hop("Lambda", run.function, request_id=run.request_id)]
            detail = {"system": self.system, "hops": hops}
            probe = self.circuits.probe(self.system, state, references, run.function, detail)
            if probe is not None:
                return Taken(cases=probe.cases, seen=Seen.OPEN, probing=bool(probe.cases), parked=probe.parked)
        return Taken(cases=leased.cases, seen=leased.circuit)

    def guarded(self, effect: Effect) -> Effect:
        """The effect, which is not tried on the rest of a batch when its first `threshold` orders had no answer.

        A hundred time-outs one after the other would take longer than their function has.
        """
        answers: list[bool] = []

        def guarded(case: Case) -> Done:
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

    def hear(self, taken: Taken, outcomes: Mapping[int, Outcome], run: StateRun) -> dict[int, Outcome]:
        """The outcomes; where the circuit is open then, those without an answer are parked instead of tried again."""
        answered = any(_answered(outcome) for outcome in outcomes.values())
        silent = [case for case in taken.cases if isinstance(outcomes[case.token_id].error, NoAnswerError)]
        news = taken.probing or (taken.seen is Seen.FAILING if answered else bool(silent))
        if not news:
            return dict(outcomes)
        why = next((f"{o.error} ({o.error.code})" for o in outcomes.values() if isinstance(o.error, NoAnswerError)), "")
        heard = self.circuits.hear(
            self.system,
            Hearing(answered=answered, silent=[c.order_id for c in silent], probing=taken.probing, why=why[:500]),
            run.function,
        )
        if not heard.open:
            return dict(outcomes)
        LOG.warning("parked", extra={"system": self.system, "tokens": len(silent), "reason": why})
        parked = dict(outcomes)
        for place, case in enumerate(silent):
            look = math.ceil(heard.probe_in) if heard.probe_in is not None and place == 0 else None
            parking = Parking(system=self.system, look_seconds=look)
            parked[case.token_id] = replace(outcomes[case.token_id], parking=parking)
        return parked


def _answered(outcome: Outcome) -> bool:
    return outcome.done is not None or _is_refusal(outcome.error)


def _is_refusal(error: MtdError | None) -> bool:
    """Whether the system itself has refused, not a rule of ours: then the request is there that it refused."""
    return isinstance(error, BusinessError) and error.payload is not None
