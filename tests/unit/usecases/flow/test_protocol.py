"""All that may happen to an order between queue, lease, commit and outbox: nothing is lost, nothing is done twice."""

import pytest
from tests.unit.support.protocol import Flaw, explored


def test_no_message_is_lost_and_nothing_is_committed_or_made_twice() -> None:
    worlds, wrong = explored()

    assert wrong == []
    assert worlds > 1_000


@pytest.mark.parametrize(
    ("flaw", "wrong"),
    [
        (Flaw.NO_FENCE, "committed twice"),
        (Flaw.NO_OUTBOX, "lost"),
        (Flaw.NO_KEYS, "made twice"),
        (Flaw.EAGER, "lost"),
        (Flaw.NO_FORGOTTEN, "lost"),
    ],
)
def test_each_rule_is_needed(flaw: Flaw, wrong: str) -> None:
    assert wrong in explored(flaw, mishaps=1)[1]
