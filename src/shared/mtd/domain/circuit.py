"""The circuit of a legacy system: orders without an answer open it, an answered probe closes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID


class CircuitState(StrEnum):
    """A circuit as a lease sees it."""

    CLOSED = "closed"
    #: Closed, but at least one order has had no answer since the last answer.
    FAILING = "failing"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """The circuit of one legacy system."""

    open: bool
    #: A person opened it, so only a person closes it.
    by_hand: bool
    #: The orders without an answer since the system last answered any order.
    failing: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedCircuit:
    """A circuit as the schedule finds it."""

    system: str
    open: bool
    #: At least one order is parked for it.
    parked: bool
    #: Its probe did not come in time.
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResults:
    """The answers of a legacy system to the calls of one batch."""

    #: The system answered at least one order of the batch.
    answered: bool
    #: The orders that it did not answer.
    unanswered: Sequence[UUID]
    #: The batch is the one order that an open circuit lets try.
    probing: bool
    #: The latest failure.
    why: str


def record_results(circuit: Circuit, results: CallResults, threshold: int) -> Circuit:
    """The circuit after a batch: `threshold` unanswered orders open it, an answered probe closes it.

    The circuit counts orders, not tries, so that one order that breaks a system does not park the others. One answer
    to a batch sets the count to zero. An open circuit takes only its probe's results: other batches began earlier.
    """
    if circuit.open:
        closes = results.probing and results.answered and not circuit.by_hand
        return Circuit(open=False, by_hand=False) if closes else circuit
    if results.answered:
        return replace(circuit, failing=())
    failing = tuple(dict.fromkeys((*circuit.failing, *results.unanswered)))[:threshold]
    return Circuit(open=len(failing) >= threshold, by_hand=False, failing=failing)
