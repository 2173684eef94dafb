"""A poller that may have several batches with its function."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from mtd_localstack.events.concurrent_polling import ConcurrentPolling


class FakePoller:
    """Receives what it is given, one batch a poll; each batch waits until it is let go."""

    def __init__(self, *batches: str) -> None:
        self.batches = list(batches)
        self.begun: list[str] = []
        self.received = 0
        self.gates = {batch: threading.Event() for batch in batches}
        self.at_work = threading.Semaphore(0)
        self.closed = False
        self.poll_events: Callable[[], None] = self._poll
        self.handle_messages: Callable[[Any], None] = self._handle
        self.close: Callable[[], None] = self._close

    def _poll(self) -> None:
        if not self.batches:
            raise LookupError("empty")
        self.received += 1
        self.handle_messages(self.batches.pop(0))

    def _handle(self, batch: str) -> None:
        self.begun.append(batch)
        self.at_work.release()
        assert self.gates[batch].wait(5)
        if batch == "breaks":
            raise ValueError(batch)

    def _close(self) -> None:
        self.closed = True


def test_a_slow_batch_does_not_hold_the_next_ones() -> None:
    poller = FakePoller("slow", "b", "c")
    ConcurrentPolling(poller, 2)
    poller.poll_events()
    for name in ("b", "c"):
        poller.poll_events()
        assert poller.at_work.acquire(timeout=5)
        poller.gates[name].set()
    assert poller.at_work.acquire(timeout=5)
    assert poller.begun == ["slow", "b", "c"]
    poller.gates["slow"].set()


def test_no_more_is_received_than_may_be_served_at_a_time() -> None:
    poller = FakePoller("a", "b", "c")
    ConcurrentPolling(poller, 2)
    poller.poll_events()
    poller.poll_events()
    third = threading.Thread(target=poller.poll_events)
    third.start()
    third.join(0.1)
    assert (third.is_alive(), poller.received) == (True, 2)
    poller.gates["a"].set()
    third.join(5)
    assert (third.is_alive(), poller.received) == (False, 3)
    for gate in poller.gates.values():
        gate.set()


def test_a_batch_that_breaks_and_an_empty_poll_give_their_place_back() -> None:
    poller = FakePoller("breaks", "b")
    ConcurrentPolling(poller, 1)
    poller.gates["breaks"].set()
    poller.poll_events()
    poller.gates["b"].set()
    poller.poll_events()
    for _ in range(3):
        with pytest.raises(LookupError):
            poller.poll_events()
    assert poller.begun == ["breaks", "b"]
    poller.close()
    assert poller.closed
