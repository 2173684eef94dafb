"""Event source mappings that call their function for several batches at a time, as ScalingConfig allows on AWS.

LocalStack calls the function in the thread that polls, so one slow call holds the whole queue.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any, Protocol


class Poller(Protocol):
    """A poller of a queue: `poll_events` receives, and passes what it gets to `handle_messages`."""

    poll_events: Callable[[], None]
    handle_messages: Callable[[Any], None]
    close: Callable[[], None]


class ConcurrentPolling:
    """Has a poller receive while up to `most` batches are with the function."""

    def __init__(self, poller: Poller, most: int) -> None:
        self._slots = BoundedSemaphore(most)
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="event-source-mapping")
        self._poll, self._handle, self._close = poller.poll_events, poller.handle_messages, poller.close
        self._handed_over = False
        poller.poll_events, poller.handle_messages, poller.close = self.poll_events, self._hand_over, self.close

    def poll_events(self) -> None:
        """Waits until a batch may begin, and only then receives one: a received message is hidden from others."""
        self._slots.acquire()
        self._handed_over = False
        try:
            self._poll()
        finally:
            if not self._handed_over:
                self._slots.release()

    def close(self) -> None:
        """Ends once the batches have; no further one begins."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._close()

    def _hand_over(self, messages: Any) -> None:
        if self._handed_over:  # a second part of the same batch, which LocalStack splits at 2,500 messages
            self._handle(messages)
            return
        self._handed_over = True
        self._pool.submit(self._serve, messages)

    def _serve(self, messages: Any) -> None:
        try:
            self._handle(messages)
        finally:
            self._slots.release()
