"""When the calls of a batch may begin: within the function's time, and no faster than the system's rate."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mtd.domain.errors import BusinessError, MtdError, NoAnswerError, NotBegunError
from mtd.domain.systems.system import System
from mtd.usecases.systems.ports import CallCounts, Reservations

_SETTLING_SECONDS = 1.0
"""A call that begins within this time of its batch always fits into it, so that no order is postponed for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """The turns of a batch's calls, in seconds since `started`."""

    #: By the ids of the tokens' rows; a token without one begins when a thread takes it.
    turns: Mapping[int, float]
    #: The seconds until a token without a turn in this batch is asked for again.
    postponed: Mapping[int, float]
    timeout_seconds: float
    #: The end of the batch's time.
    budget_seconds: float
    started: float = field(default_factory=time.monotonic)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def begin(self, token_id: int, *, calls: int) -> float:
        """Wait for the token's turn. Returns the time-out of each of its calls, in seconds.

        Raises NotBegunError when the turn does not come in the batch's time, or its calls could not end in it.
        """
        if token_id in self.postponed:
            raise _not_begun(self.postponed[token_id])
        passed = self.clock() - self.started
        wait = max(0.0, self.turns.get(token_id, 0.0) - passed)
        timeout = min(self.timeout_seconds, (self.budget_seconds - _SETTLING_SECONDS) / calls)
        if passed + wait + timeout * calls > self.budget_seconds:
            raise _not_begun(0.0)
        if wait:
            self.sleep(wait)
        return timeout


def _not_begun(retry_after: float) -> NotBegunError:
    error = NotBegunError("the batch's time was up before the order's turn")
    error.retry_after = retry_after
    return error


def take_turns(system: System, token_ids: Sequence[int], systems: Reservations, budget_seconds: float) -> Turns:
    """Turns for the tokens. Those of a system with a rate are reserved, for all batches that run at the same time."""
    turns: dict[int, float] = {}
    postponed: dict[int, float] = {}
    if system.rate is not None and token_ids:
        within = max(0.0, budget_seconds - system.timeout_seconds)
        reserved = systems.reserve(system, len(token_ids), within)
        for position, token_id in enumerate(token_ids):
            turn = reserved.starts_in + position / system.rate
            (turns if position < reserved.granted else postponed)[token_id] = turn
    return Turns(
        turns=turns, postponed=postponed, timeout_seconds=system.timeout_seconds, budget_seconds=budget_seconds
    )


@dataclass(slots=True)
class CallTimes:
    """How a batch's calls went. Several threads add to it."""

    _calls: list[tuple[float, MtdError | None]] = field(default_factory=list)

    def add(self, ms: float, error: MtdError | None) -> None:
        """A call of that many milliseconds, with its error."""
        self._calls.append((ms, error))

    def counts(self) -> CallCounts | None:
        """The counts; None where nothing was called."""
        if not self._calls:
            return None
        return CallCounts(
            calls=len(self._calls),
            unanswered=sum(isinstance(error, NoAnswerError) for _, error in self._calls),
            refused=sum(isinstance(error, BusinessError) for _, error in self._calls),
            ms=sum(ms for ms, _ in self._calls),
            longest_ms=max(ms for ms, _ in self._calls),
        )
