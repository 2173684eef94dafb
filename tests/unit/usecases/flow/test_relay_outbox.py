"""The relay: its minute, and the look at everything that a fresh deployment asks for."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from mtd.domain.errors import InvalidRequest
from mtd.usecases.flow.changes import Message
from mtd.usecases.flow.relay_outbox import asked_seconds, relay_outbox

_MESSAGES = [Message(destination="transitions", body={"tokens": [{"token_id": 1, "version": 1}]})]


@dataclass(slots=True)
class FakeOutbox:
    """Two messages unsent, one forgotten."""

    asked: list[tuple[int, int | None]] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)

    def resend_unsent(self, older_than_seconds: int, limit: int) -> int:
        assert 0 < older_than_seconds < limit
        return 2

    def forgotten(self, forgotten_seconds: int, limit: int | None) -> list[Message]:
        self.asked.append((forgotten_seconds, limit))
        return _MESSAGES

    def send(self, messages: list[Message]) -> None:
        self.sent += messages


def test_by_itself_it_takes_a_batch_of_what_is_long_forgotten() -> None:
    outbox = FakeOutbox()

    assert relay_outbox(outbox, asked_seconds({"source": "aws.events"})) == {"unsent": 2, "forgotten": 1}
    assert outbox.asked == [(900, 1_000)]
    assert outbox.sent == _MESSAGES


@pytest.mark.parametrize("seconds", [0, 1, 86_400])
def test_asked_for_it_takes_all_that_long_forgotten(seconds: int) -> None:
    outbox = FakeOutbox()

    relay_outbox(outbox, asked_seconds({"forgotten_seconds": seconds}))

    assert outbox.asked == [(seconds, None)]
    assert outbox.sent == _MESSAGES


@pytest.mark.parametrize("seconds", [-1, 86_401, 10**30, 0.0, 1.5, "0", True, False, None, [], {}])
def test_seconds_that_are_no_whole_number_up_to_a_day_are_refused(seconds: Any) -> None:
    with pytest.raises(InvalidRequest, match="forgotten_seconds"):
        asked_seconds({"forgotten_seconds": seconds})
