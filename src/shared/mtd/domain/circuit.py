"""A legacy system's circuit: what its silence and its answers do to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID


class CircuitState(StrEnum):
    """A circuit as a lease sees it; `failing` is closed, but orders have had no answer since the last one."""

    CLOSED = "closed"
    FAILING = "failing"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """`failing` are the orders without an answer since the last answer to any; `by_hand`: a person opened it."""

    open: bool
    by_hand: bool
    failing: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResults:
    """What a batch has heard of its system: whether it answered anything, and which orders it did not answer.

    `probing`: the batch is the one order that an open circuit lets try. `why` is the latest failure.
    """

    answered: bool
    unanswered: Sequence[UUID]
    probing: bool
    why: str


def record_results(circuit: Circuit, results: CallResults, threshold: int) -> Circuit:
    """The circuit after it: open from `threshold` unanswered orders on, closed when a probe was answered.

    Orders are counted, not tries, so that one order that breaks a system does not keep the others from it. A batch that
    heard anything takes back all silence. An open circuit listens to its probe alone: other batches are older than it.
    """
    if circuit.open:
        closes = results.probing and results.answered and not circuit.by_hand
        return Circuit(open=False, by_hand=False) if closes else circuit
    if results.answered:
        return replace(circuit, failing=())
    failing = tuple(dict.fromkeys((*circuit.failing, *results.unanswered)))[:threshold]
    return Circuit(open=len(failing) >= threshold, by_hand=False, failing=failing)
