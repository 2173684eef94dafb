"""Changes of circuits: people open and close them; every minute a schedule drains and probes them."""

import logging
from dataclasses import dataclass
from typing import Protocol

from mtd.domain.circuit import Circuit, WatchedCircuit
from mtd.domain.errors import Conflict
from mtd.domain.json_types import Json
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.circuit_breaker import Circuits, CircuitSettings, release_parked

LOG = logging.getLogger(__name__)

_MOST_SLICES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """A person's change of a circuit."""

    #: `open` (announced maintenance), `close`, or `set` the drain rate.
    action: str
    person: str
    reason: str
    #: Orders a second.
    drain_rate: float | None = None


class WatchedCircuits(Circuits, Protocol):
    """The circuits of PostgreSQL, for the schedule."""

    def watched(self) -> list[WatchedCircuit]: ...


def change_circuit(circuits: Circuits, system: str, request: ChangeRequest, settings: CircuitSettings) -> None:
    """Change a circuit. Raises NotFound for an unknown system, Conflict when the circuit is so already."""
    with circuits.locked(system) as locked:
        before = locked.circuit
        _refuse(request, before)
        after = {
            "open": Circuit(open=True, by_hand=True),
            "close": Circuit(open=False, by_hand=False),
        }.get(request.action, before)
        if after != before:
            locked.set(after, request.reason, request.person, settings.probe_seconds)
        if request.drain_rate is not None:
            locked.set_drain_rate(request.drain_rate)
        if before.open and not after.open:
            rate = request.drain_rate or locked.drain_rate or settings.drain_rate
            release_parked(locked, system, rate, request.person)
    fields = {"system": system, "action": request.action, "person": request.person, "reason": request.reason}
    LOG.warning("circuit changed by hand", extra=fields)


def _refuse(request: ChangeRequest, circuit: Circuit) -> None:
    if request.action == "open" and circuit.open and circuit.by_hand:
        raise Conflict("a person holds the circuit open already: close it when the system is back", code="circuit_open")
    if request.action == "close" and not circuit.open:
        raise Conflict("the circuit is closed already: its orders go on", code="circuit_closed")


def tend_circuits(circuits: WatchedCircuits, settings: CircuitSettings, who: str) -> Json:
    """Every minute: release the next parked tokens of systems that are back, and probe where no probe has come.

    A probe fails to come when its function or message was lost, or when a person cancelled or suspended its order.
    """
    watched = circuits.watched()
    return {
        "circuits_open": sum(each.open for each in watched),
        "prompted": sum(_prompt(circuits, each.system) for each in watched if each.overdue),
        "released": sum(
            _drain(circuits, each.system, settings, who) for each in watched if each.parked and not each.open
        ),
    }


def _drain(circuits: Circuits, system: str, settings: CircuitSettings, who: str) -> int:
    """Release the parked tokens whose turn comes before the next run. Returns how many."""
    total = 0
    for _ in range(_MOST_SLICES):
        with circuits.locked(system) as locked:
            if locked.circuit.open:
                return total
            released, more = release_parked(locked, system, locked.drain_rate or settings.drain_rate, who)
        total += released
        if not more:
            break
    return total


def _prompt(circuits: Circuits, system: str) -> int:
    """Wake the longest parked token of each server. Returns how many."""
    with circuits.locked(system) as locked:
        tokens, changes = locked.longest_parked(), Changes()
        for token in tokens:
            changes.wake(token, 0)
        locked.write(changes)
    return len(tokens)
