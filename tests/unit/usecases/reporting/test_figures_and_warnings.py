"""Figures and early warnings go page by page until nothing is left, and no further than they may."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from mtd.adapters.aws.queues import SqsQueues
from mtd.adapters.aws.topics import Outgoing
from mtd.domain.errors import InvalidRequest
from mtd.usecases.flow.changes import Message
from mtd.usecases.reporting.summarise_orders import HORIZON_SECONDS, asked_horizon, summarise_orders
from mtd.usecases.reporting.warn_of_delays import warn_of_delays


@dataclass
class FakeSummaries:
    pages: list[int]
    foretold: int = 0
    endless: bool = False
    asked: int = 0

    def add_page(self, zone: str, horizon_seconds: int, limit: int) -> int:
        assert (zone, horizon_seconds) == ("America/Santiago", 5)
        self.asked += 1
        return limit if self.endless else self.pages.pop(0)

    def foretell(self) -> None:
        self.foretold += 1


def test_all_pages_are_counted_and_remaining_times_are_computed_once() -> None:
    summaries = FakeSummaries([20_000, 17, 0])
    assert summarise_orders(summaries, 5) == {"events": 20_017}
    assert summaries.foretold == 1

    idle = FakeSummaries([0])
    assert summarise_orders(idle, 5) == {"events": 0}
    assert idle.foretold == 0

    behind = FakeSummaries([], endless=True)
    summarise_orders(behind, 5)
    assert behind.asked == 50


def test_a_horizon_is_checked() -> None:
    assert asked_horizon({"time": "2026-09-18T10:00:00Z"}) == HORIZON_SECONDS
    assert asked_horizon({"horizon_seconds": 0}) == 0
    for wrong in (-1, True, "3", 3_601):
        with pytest.raises(InvalidRequest):
            asked_horizon({"horizon_seconds": wrong})


@dataclass
class FakeWarnings:
    pages: list[int]

    def warn(self, zone: str, early: float, fewest: int, limit: int) -> int:
        assert (zone, limit) == ("America/Santiago", 1_000)
        assert 0 < early < 1 < fewest
        return self.pages.pop(0)

    def acknowledge(self, warning_id: int, person: str) -> bool:
        raise NotImplementedError


def test_warnings_are_given_page_by_page() -> None:
    assert warn_of_delays(FakeWarnings([0])) == 0
    assert warn_of_delays(FakeWarnings([1_000, 3])) == 1_003


@dataclass
class Published(Outgoing):
    """A sender of outbox messages that keeps them with their destinations."""

    sent: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(Queues(self.sent), {"warnings": "arn"})

    def _publish(self, arn: str, subject: str, message: Message) -> None:  # type: ignore[override]
        self.sent.append((arn, subject, message.body))


class Queues(SqsQueues):
    def __init__(self, sent: list[Any]) -> None:
        super().__init__({})
        self._sent = sent

    def send_all(self, messages: Any) -> None:
        self._sent += [message.destination for message in messages]


def test_messages_for_a_topic_are_published_and_the_others_are_queued() -> None:
    outgoing = Published()
    outgoing.send_all([Message(destination="warnings", body={"a": 1}), Message(destination="orders", body={})])

    assert outgoing.sent == ["orders", ("arn", "MTD: warnings", {"a": 1})]
