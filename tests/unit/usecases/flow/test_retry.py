import pytest

from mtd.usecases.flow.decide_outcome import delay_seconds


@pytest.mark.parametrize(("tries", "longest"), [(1, 1), (2, 2), (3, 4), (10, 512), (11, 900), (40, 900)])
def test_delays_double_up_to_what_sqs_can_wait(tries: int, longest: float) -> None:
    assert delay_seconds(tries, 1, 0.0) == longest
    assert delay_seconds(tries, 1, 1.0) == longest / 2


def test_delays_are_jittered() -> None:
    assert len({delay_seconds(5, 1) for _ in range(20)}) > 10
