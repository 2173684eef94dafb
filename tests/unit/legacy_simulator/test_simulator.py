"""The legacy simulator's own promises: once by key, faults before and after."""

import asyncio

import pytest

from legacy_simulator.faults import Broken, Faults, Refusal
from legacy_simulator.ledger import Ledger
from legacy_simulator.performing import Simulator


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(ledger=Ledger(":memory:"), faults=Faults())


def perform(simulator: Simulator, key: str = "k", order: str = "o") -> dict[str, int]:
    count = len(simulator.ledger.entries("eom", None, None)) + 1
    return asyncio.run(simulator.perform("eom", "allocate", key, order, {}, lambda: {"n": count}))


def test_the_same_key_is_done_once(simulator: Simulator) -> None:
    assert perform(simulator) == perform(simulator) == {"n": 1}
    assert perform(simulator, "other") == {"n": 2}


def test_without_a_key_nothing_is_done(simulator: Simulator) -> None:
    with pytest.raises(Refusal, match="Idempotency-Key"):
        perform(simulator, "")


@pytest.mark.parametrize("settings", [{"outage": True}, {"error_rate": 1}, {"hang_before": True, "hang_seconds": 0}])
def test_faults_before_do_nothing(simulator: Simulator, settings: dict[str, object]) -> None:
    simulator.faults.set("eom", "o", settings)

    with pytest.raises(Broken):
        perform(simulator)
    assert simulator.ledger.entries("eom", None, None) == []


def test_a_time_out_after_the_deed_leaves_it_done(simulator: Simulator) -> None:
    simulator.faults.set("eom", None, {"hang_after": True, "hang_seconds": 0, "times": 1})

    with pytest.raises(Broken):
        perform(simulator)

    assert asyncio.run(simulator.recover("eom", "k")) == {"n": 1}


def test_a_fault_is_used_up_and_touches_only_its_order(simulator: Simulator) -> None:
    simulator.faults.set("eom", "o", {"outage": True, "times": 1})

    perform(simulator, "a", "another")
    with pytest.raises(Broken):
        perform(simulator)
    assert perform(simulator)


def test_unknown_settings_are_named(simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="colour"):
        simulator.faults.set("eom", None, {"colour": "red"})
