"""Orders whose series of folios has run out wait at its circuit, and go on once there is a further range."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from tests.unit.support.circuits import SETTINGS, FakeCircuits
from tests.unit.support.fakes import FakeStore, leased

from mtd.domain.circuit import Circuit, WatchedCircuit
from mtd.domain.errors import ShortageError, UnavailableError
from mtd.domain.tax.folios import FolioRange, FolioSeries
from mtd.usecases.flow.circuit_breaker import CircuitBreaker
from mtd.usecases.flow.effects import EffectResult, StateRun
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.tokens import LeasedToken, TokenReference
from mtd.usecases.operations.folio_shortage import end_shortages

SERIES = FolioSeries(issuer="76123456-0", document_type=39)
RUN = StateRun(function="issue_dte", request_id="r-1", parallel=1)
TODAY = date(2026, 11, 30)
OPEN = Circuit(open=True, by_hand=False)
FURTHER = FolioRange(issuer=SERIES.issuer, document_type=39, left=100, expires_on=None)


def short(_: LeasedToken) -> EffectResult:
    raise ShortageError(
        "no folios are left for document type 39", circuit=SERIES.circuit, code="CAF_AGOTADO", payload={"path": "/dte"}
    )


def issue(circuits: FakeCircuits, store: FakeStore, left: int) -> dict[str, int]:
    """Run the state with that many folios."""
    folios = iter(range(left))

    def effect(token: LeasedToken) -> EffectResult:
        return short(token) if next(folios, None) is None else EffectResult()

    references = [TokenReference(token_id=each.token_id, version=each.version) for each in store.tokens]
    breaker = CircuitBreaker(system="paperless", circuits=circuits, settings=SETTINGS)
    answer = run_state("emission_dte", references, effect, store, RUN, breaker)
    return {name: answer[name] for name in ("done", "retried", "parked", "failed")}


def test_orders_without_a_folio_are_parked_at_the_circuit_of_their_series() -> None:
    store = FakeStore(tokens=[leased("emission_dte", i, attempts=10) for i in range(1, 11)])
    circuits = FakeCircuits()

    assert issue(circuits, store, 3) == {"done": 3, "retried": 0, "parked": 7, "failed": 0}
    parked = [token for changes in store.committed.values() for token in changes.parked_tokens]
    assert {token.system for token in parked} == {SERIES.circuit}
    assert len(parked) == 7
    # No wake-up: no order asks before there is a further range. Paperless answers, so its own circuit stays closed.
    assert not any(changes.wakeups or changes.incidents for changes in store.committed.values())
    assert circuits.calls == [f"add {SERIES.circuit}", f"lock {SERIES.circuit}", "set by issue_dte"]


def test_a_shortage_that_is_known_is_not_opened_again() -> None:
    circuits = FakeCircuits(circuit=OPEN)
    assert issue(circuits, FakeStore(tokens=[leased("emission_dte")]), 0)["parked"] == 1
    assert "set by issue_dte" not in circuits.calls


def watched(circuit: Circuit = OPEN, name: str = SERIES.circuit) -> FakeCircuits:
    found = [WatchedCircuit(system=name, open=circuit.open, parked=True, overdue=False)]
    return FakeCircuits(circuit=circuit, found=found, turns={name: [3]})


def end(circuits: FakeCircuits, ranges: Sequence[FolioRange] | Exception) -> int:
    def ask() -> Sequence[FolioRange]:
        if isinstance(ranges, Exception):
            raise ranges
        return ranges

    return end_shortages(circuits, ask, TODAY, SETTINGS, "relay_outbox")


def test_a_further_range_lets_the_orders_go_on_at_the_drain_rate() -> None:
    circuits = watched()

    assert end(circuits, [FURTHER]) == 1
    assert not circuits.circuit.open
    [released] = circuits.written
    assert len(released.wakeups) == 3
    assert [event.what for event in released.events] == ["released"] * 3


@pytest.mark.parametrize(
    "ranges",
    [
        [],
        [replace(FURTHER, left=0)],
        [replace(FURTHER, issuer="6824160-K")],
        [replace(FURTHER, expires_on=TODAY)],
        UnavailableError("no answer"),
    ],
)
def test_without_a_usable_range_they_wait(ranges: Sequence[FolioRange] | Exception) -> None:
    circuits = watched()
    assert end(circuits, ranges) == 0
    assert circuits.circuit.open


@pytest.mark.parametrize(
    "circuits",
    [watched(Circuit(open=False, by_hand=False)), watched(name="paperless")],
    ids=["closed", "a system's"],
)
def test_paperless_is_asked_for_ranges_only_in_a_shortage(circuits: FakeCircuits) -> None:
    assert end(circuits, AssertionError("not asked")) == 0


def test_a_circuit_that_a_person_holds_open_stays_open() -> None:
    circuits = watched(Circuit(open=True, by_hand=True))
    end(circuits, [FURTHER])
    assert circuits.circuit.open
