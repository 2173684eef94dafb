"""A state's batch under the circuit of its legacy system: it leases or parks tokens, and records the answers.

While the system answers, this takes no statement of its own: the lease reads the circuit's state.
"""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from mtd.domain.circuit import CallResults, Circuit, CircuitState, record_results
from mtd.domain.errors import BusinessError, MtdError, NoAnswerError, ShortageError
from mtd.domain.json_types import Json
from mtd.usecases.flow.changes import Changes, OrderEvent
from mtd.usecases.flow.effects import Effect, EffectOutcome, EffectResult, Parking, StateRun
from mtd.usecases.flow.failures import fail_unreadable
from mtd.usecases.flow.tokens import LeasedToken, LeaseResult, TokenReference
from mtd.usecases.flow.trace import hop
from mtd.usecases.ports import FlowStore

LOG = logging.getLogger(__name__)

AHEAD_SECONDS = 75
"""A release wakes the tokens of the next so many seconds. `tend_circuits` comes more often than that."""
_SLICE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSettings:
    """The settings of all circuits."""

    #: Orders in a row without an answer that open a circuit.
    threshold: int
    #: Seconds between two probes of an open circuit.
    probe_seconds: float
    #: Orders a second that a closed circuit releases.
    drain_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedOrder:
    """An order whose token was parked at, or released from, a node."""

    order_id: UUID
    node: str
    token_id: int
    version: int
    #: Of a released token: the seconds until its turn.
    due_seconds: float = 0.0


class LockedCircuit(Protocol):
    """A circuit under lock. The end of the block commits the changes."""

    circuit: Circuit
    #: Whether it is time for an order to try an open circuit's system.
    probe_due: bool
    #: Orders a second of this circuit; None where the settings' rate holds.
    drain_rate: float | None

    def lease_probe(self, server: str, references: Sequence[TokenReference], probe_seconds: float) -> LeaseResult:
        """Lease the longest parked token of this server, else the first of the batch.

        If this probe's function dies, the next probe is due after `probe_seconds`.
        """
        ...

    def park_due(self, server: str, references: Sequence[TokenReference]) -> list[ParkedOrder]:
        """Park the batch's tokens that are due and not leased, without a try."""
        ...

    def set(self, circuit: Circuit, reason: str, who: str, probe_seconds: float | None) -> None:
        """Set the circuit. With None no order probes while it is open."""
        ...

    def keep_failing(self, failing: Sequence[UUID]) -> None: ...

    def set_drain_rate(self, rate: float) -> None: ...

    def release_parked(self, rate: float, ahead_seconds: int, most: int) -> tuple[list[ParkedOrder], bool]:
        """Release the parked tokens whose turn comes within `ahead_seconds` at that rate. Returns them, and whether
        more are parked."""
        ...

    def longest_parked(self) -> list[TokenReference]:
        """The longest parked token of each server."""
        ...

    def write(self, changes: Changes) -> None:
        """Add changes to the commit."""
        ...


class Circuits(Protocol):
    """The circuits of PostgreSQL."""

    def locked(self, system: str) -> AbstractContextManager[LockedCircuit]:
        """One transaction that locks the circuit. Raises NotFound for an unknown system."""
        ...

    def add(self, circuit: str) -> None:
        """Add a closed circuit, unless there is one of that name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitUpdate:
    """The circuit after a batch's results."""

    open: bool
    #: Seconds until the next probe; None when another batch probes, or the circuit is closed.
    probe_in: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedBatch:
    """The tokens of a batch that may try."""

    tokens: list[LeasedToken] = field(default_factory=list)
    #: The circuit's state at the lease.
    circuit: CircuitState = CircuitState.CLOSED
    #: The batch is one token that probes an open circuit.
    probing: bool = False
    #: Tokens that were parked without a try.
    parked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreaker:
    """The circuit of `system`."""

    system: str
    circuits: Circuits
    settings: CircuitSettings

    def lease_batch(
        self, state: str, references: Sequence[TokenReference], store: FlowStore, run: StateRun
    ) -> LeasedBatch:
        """Lease the batch. While the circuit is open, park it instead, except for an order that probes."""
        while True:
            leased = store.lease(state, references, self.system)
            fail_unreadable(store, leased.unreadable, run.function)
            if leased.circuit is not CircuitState.OPEN:
                return LeasedBatch(tokens=leased.tokens, circuit=leased.circuit)
            if (batch := self._probe(state, references, store, run)) is not None:
                return batch

    def _probe(
        self, state: str, references: Sequence[TokenReference], store: FlowStore, run: StateRun
    ) -> LeasedBatch | None:
        """Park the batch, except for one token when a probe is due. Returns None when the circuit has closed since."""
        hops = [*run.hops, hop("Lambda", run.function, request_id=run.request_id)]
        detail: Json = {"system": self.system, "hops": hops}
        with self.circuits.locked(self.system) as locked:
            if not locked.circuit.open:
                return None
            leased = LeaseResult()
            if locked.probe_due:
                leased = locked.lease_probe(state, references, self.settings.probe_seconds)
            parked = locked.park_due(state, references)
            locked.write(Changes(events=[circuit_event(each, "parked", run.function, detail) for each in parked]))
        fail_unreadable(store, leased.unreadable, run.function)
        return LeasedBatch(
            tokens=leased.tokens, circuit=CircuitState.OPEN, probing=bool(leased.tokens), parked=len(parked)
        )

    def guarded(self, effect: Effect) -> Effect:
        """The effect. It skips the rest of a batch whose first `threshold` orders had no answer.

        A hundred time-outs one after the other would take longer than the function's time.
        """
        answers: list[bool] = []

        def guarded(token: LeasedToken) -> EffectResult:
            if answers.count(False) >= self.settings.threshold and not any(answers):
                raise NoAnswerError(
                    f"{self.system} was not called: it answered no other order of the batch", code="not_tried"
                )
            try:
                result = effect(token)
            except NoAnswerError:
                answers.append(False)
                raise
            except (BusinessError, ShortageError) as refusal:
                if _is_refusal(refusal):
                    answers.append(True)
                raise
            answers.append(True)
            return result

        return guarded

    def record_results(
        self, batch: LeasedBatch, outcomes: Mapping[int, EffectOutcome], run: StateRun
    ) -> dict[int, EffectOutcome]:
        """The outcomes. If the circuit is open afterwards, unanswered orders are parked instead of tried again."""
        answered = any(_answered(outcome) for outcome in outcomes.values())
        unanswered = [token for token in batch.tokens if isinstance(outcomes[token.token_id].error, NoAnswerError)]
        changed = batch.circuit is CircuitState.FAILING if answered else bool(unanswered)
        parked = self._park_for_shortages(outcomes, run.function)
        if not (batch.probing or changed):
            return parked
        why = next((f"{o.error} ({o.error.code})" for o in outcomes.values() if isinstance(o.error, NoAnswerError)), "")
        order_ids = [token.order_id for token in unanswered]
        results = CallResults(answered=answered, unanswered=order_ids, probing=batch.probing, why=why[:500])
        update = update_circuit(self.circuits, self.system, results, self.settings, run.function)
        if not update.open:
            return parked
        LOG.warning("parked", extra={"system": self.system, "tokens": len(unanswered), "reason": why})
        for position, token in enumerate(unanswered):
            probe_in = math.ceil(update.probe_in) if update.probe_in is not None and position == 0 else None
            parking = Parking(system=self.system, probe_in=probe_in)
            parked[token.token_id] = replace(outcomes[token.token_id], parking=parking)
        return parked

    def _park_for_shortages(self, outcomes: Mapping[int, EffectOutcome], who: str) -> dict[int, EffectOutcome]:
        """The outcomes. Orders for which the system lacks a resource are parked at the circuit of the resource."""
        open_for_shortages(self.circuits, outcomes.values(), who)
        return {
            token_id: replace(outcome, parking=Parking(system=outcome.error.circuit))
            if isinstance(outcome.error, ShortageError)
            else outcome
            for token_id, outcome in outcomes.items()
        }


def open_for_shortages(circuits: Circuits, outcomes: Iterable[EffectOutcome], who: str) -> None:
    """Open the circuits of resources that have run out. No order probes them: a schedule asks for the resource."""
    shortages = {each.error.circuit: each.error for each in outcomes if isinstance(each.error, ShortageError)}
    for name, error in sorted(shortages.items()):
        circuits.add(name)
        with circuits.locked(name) as locked:
            if not locked.circuit.open:
                locked.set(Circuit(open=True, by_hand=False), f"{error} ({error.code})"[:500], who, None)


def update_circuit(
    circuits: Circuits, system: str, results: CallResults, settings: CircuitSettings, who: str
) -> CircuitUpdate:
    """Record a batch's answers. If they close the circuit, the first parked tokens are released."""
    with circuits.locked(system) as locked:
        before = locked.circuit
        after = record_results(before, results, settings.threshold)
        probes = after.open and not after.by_hand and (results.probing or not before.open)
        if probes or after.open != before.open:
            locked.set(after, results.why or "the system answers", who, settings.probe_seconds)
        elif after.failing != before.failing:
            locked.keep_failing(after.failing)
        if before.open and not after.open:
            release_parked(locked, system, locked.drain_rate or settings.drain_rate, who)
    return CircuitUpdate(open=after.open, probe_in=settings.probe_seconds if probes else None)


def release_parked(locked: LockedCircuit, system: str, rate: float, who: str) -> tuple[int, bool]:
    """Release some of the parked tokens, and wake each at its turn. Returns how many, and whether more are left."""
    released, more = locked.release_parked(rate, AHEAD_SECONDS, _SLICE)
    changes = Changes(events=[circuit_event(each, "released", who, {"system": system}) for each in released])
    for each in sorted(released, key=lambda one: one.due_seconds):
        changes.wake(each, math.ceil(each.due_seconds))
    locked.write(changes)
    return len(released), more


def circuit_event(order: ParkedOrder, what: str, who: str, detail: Json) -> OrderEvent:
    """The event of an order that a circuit parked or released."""
    return OrderEvent(
        order_id=order.order_id, who=who, what=what, from_state=order.node, to_state=order.node, detail=detail
    )


def _answered(outcome: EffectOutcome) -> bool:
    return outcome.result is not None or _is_refusal(outcome.error)


def _is_refusal(error: MtdError | None) -> bool:
    """Whether the system itself has refused. A refusal by a rule of MTD has no request as payload."""
    return isinstance(error, BusinessError | ShortageError) and error.payload is not None
