"""What people and the clock do to circuits: open and close one, look after those that nobody looks after."""

from dataclasses import dataclass
from typing import Protocol

from mtd.domain.errors import Conflict
from mtd.domain.json_types import Json

_MOST_SLICES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """What a person does to a circuit: `open` (announced maintenance), `close`, or `set` the drain rate, a second."""

    action: str
    person: str
    reason: str
    drain_rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedCircuit:
    """A circuit as the minute's look finds it; `overdue`: nobody has come to probe it in time."""

    system: str
    open: bool
    parked: bool
    overdue: bool


class WatchedCircuits(Protocol):
    """The circuits of PostgreSQL, for people and the clock: each method is one transaction."""

    def watched(self) -> list[WatchedCircuit]: ...

    def change(self, system: str, request: ChangeRequest) -> None:
        """Raises NotFound for an unknown system, and what `refuse` raises."""
        ...

    def drain(self, system: str, who: str) -> tuple[int, bool]:
        """Release the parked tokens whose turn comes before the next look; how many, and whether there are more."""
        ...

    def prompt(self, system: str) -> int:
        """Have the token that is parked the longest at each server looked at; how many that were."""
        ...


def refuse(request: ChangeRequest, *, open_: bool, by_hand: bool) -> None:
    """Raises Conflict when the circuit is already as the person wants it."""
    if request.action == "open" and open_ and by_hand:
        raise Conflict(
            "the circuit is held open by hand already: close it when the system is back", code="circuit_open"
        )
    if request.action == "close" and not open_:
        raise Conflict("the circuit is closed: its orders go on", code="circuit_closed")


def tend_circuits(circuits: WatchedCircuits, who: str) -> Json:
    """Every minute: the next slice of what is parked for a system that is back, and a probe where none has come.

    A probe does not come when its function or its message was lost, or its order was cancelled or suspended meanwhile.
    """
    told = {"circuits_open": 0, "released": 0, "prompted": 0}
    for each in circuits.watched():
        told["circuits_open"] += each.open
        if each.overdue:
            told["prompted"] += circuits.prompt(each.system)
        if not each.open and each.parked:
            for _ in range(_MOST_SLICES):
                released, more = circuits.drain(each.system, who)
                told["released"] += released
                if not more:
                    break
    return told
