"""The calls of a batch begin within its time, and no faster than the system's rate."""

import pytest

from mtd.domain.errors import BusinessError, NoAnswerError, NotBegunError
from mtd.domain.systems.system import System
from mtd.usecases.systems.ports import Reservation
from mtd.usecases.systems.turns import CallTimes, Turns, take_turns


class Clock:
    """Time that goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class FakeTurns:
    """Grants a number of turns."""

    def __init__(self, granted: int, starts_in: float = 0.0) -> None:
        self.granted = Reservation(starts_in=starts_in, granted=granted)
        self.asked: list[tuple[int, float]] = []

    def reserve(self, system: System, calls: int, within_seconds: float) -> Reservation:
        assert system.rate is not None
        self.asked.append((calls, within_seconds))
        return self.granted


def turns(clock: Clock, timeout: float = 10.0, **more: object) -> Turns:
    known: dict[str, object] = {"turns": {}, "postponed": {}, **more}
    return Turns(
        timeout_seconds=timeout,
        budget_seconds=26.0,
        started=clock.now,
        clock=clock,
        sleep=clock.sleep,
        **known,  # type: ignore[arg-type]
    )


def test_a_call_begins_while_it_can_end_in_the_batchs_time() -> None:
    clock = Clock()
    batch = turns(clock)

    clock.now += 15
    assert batch.begin(1, calls=1) == 10
    clock.now += 2
    with pytest.raises(NotBegunError):
        batch.begin(2, calls=1)


def test_the_first_calls_always_begin() -> None:
    clock = Clock()
    batch = turns(clock, timeout=25.0)

    clock.now += 0.9
    assert batch.begin(1, calls=1) == 25
    # A try that first asks what an earlier one has done makes two calls in the same time.
    assert batch.begin(2, calls=2) == 12.5


def test_a_call_waits_for_its_turn() -> None:
    clock = Clock()
    batch = turns(clock, turns={1: 0.0, 2: 0.5})

    batch.begin(1, calls=1)
    batch.begin(2, calls=1)

    assert clock.now == 100.5


def test_a_call_without_a_turn_comes_again_when_it_would_have_had_one() -> None:
    with pytest.raises(NotBegunError) as later:
        turns(Clock(), postponed={1: 40.0}).begin(1, calls=1)

    assert later.value.retry_after == 40.0


def test_turns_follow_one_another_at_the_rate() -> None:
    systems = FakeTurns(granted=2, starts_in=3.0)

    batch = take_turns(System(name="s", url="u", rate=0.5, timeout_seconds=5), [7, 8, 9], systems, 26.0)

    assert systems.asked == [(3, 21.0)]
    assert (batch.turns, batch.postponed) == ({7: 3.0, 8: 5.0}, {9: 7.0})


def test_a_system_without_a_rate_reserves_nothing() -> None:
    systems = FakeTurns(granted=0)

    assert take_turns(System(name="s", url="u"), [7], systems, 26.0).postponed == {}
    assert systems.asked == []


def test_calls_are_counted_by_how_they_went() -> None:
    times = CallTimes()
    assert times.counts() is None

    for ms, error in ((10.0, None), (30.0, NoAnswerError("x")), (20.0, BusinessError("y"))):
        times.add(ms, error)

    counts = times.counts()
    assert counts is not None
    assert (counts.calls, counts.unanswered, counts.refused, counts.ms, counts.longest_ms) == (3, 1, 1, 60.0, 30.0)
