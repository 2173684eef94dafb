"""Hands the functions' logs and metrics to CloudWatch: in order, complete, within a second, off the call's path.

Stock LocalStack makes three or four service calls per invocation for this, each several milliseconds of one core. Here
one thread gathers what came in during a moment and hands it over at once: log events straight to the Logs backend,
metrics in one PutMetricData per account and region.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mtd_localstack.executor.log_events import LogEvent

LOG = logging.getLogger(__name__)
LINGER_S = 0.2
METRICS_EVERY_S = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStream:
    """The stream of log events."""

    account: str
    region: str
    group: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One call's share of the AWS/Lambda metrics; ``at`` in seconds since 1970."""

    account: str
    region: str
    function: str
    at: float
    duration_ms: float
    is_error: bool


class Receiver(Protocol):
    """Stores logs and metrics."""

    def put_logs(self, stream: LogStream, events: Sequence[LogEvent]) -> None:
        """Append events to a stream, creating group and stream if needed."""

    def put_metrics(self, measured: Sequence[Measured]) -> None:
        """Record the metrics of some calls, all of one account and region."""


class Delivery:
    """Gathers and hands over; ``add`` may be called from any thread and never waits."""

    def __init__(self, receiver: Receiver, *, linger_s: float = LINGER_S) -> None:
        self._receiver = receiver
        self._linger_s = linger_s
        self._logs: deque[tuple[LogStream, list[LogEvent]]] = deque()
        self._measured: deque[Measured] = deque()
        self._wake = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def add(self, stream: LogStream, events: list[LogEvent], measured: Measured | None = None) -> None:
        """Take one call's log events and figures."""
        self._logs.append((stream, events))
        if measured is not None:
            self._measured.append(measured)
        if self._thread is None:
            self._start()
        self._wake.set()

    def stop(self) -> None:
        """Hand over what is left, and end."""
        self._ended = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mtd-delivery", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        metrics_due = 0.0
        while True:
            left = metrics_due - time.monotonic() if self._measured else None
            self._wake.wait(None if left is None else max(left, 0.01))
            if not self._ended:
                time.sleep(self._linger_s)
            self._wake.clear()
            ended = self._ended
            self._hand_over_logs()
            if self._measured and (ended or time.monotonic() >= metrics_due):
                metrics_due = time.monotonic() + METRICS_EVERY_S
                self._hand_over_metrics()
            if ended:
                return

    def _hand_over_logs(self) -> None:
        by_stream: dict[LogStream, list[LogEvent]] = {}
        for stream, events in taken(self._logs):
            by_stream.setdefault(stream, []).extend(events)
        for stream, events in by_stream.items():
            try:
                self._receiver.put_logs(stream, in_order(events))
            except Exception:
                LOG.warning("Could not store %s log events of %s.", len(events), stream, exc_info=True)

    def _hand_over_metrics(self) -> None:
        by_region: dict[tuple[str, str], list[Measured]] = {}
        for one in taken(self._measured):
            by_region.setdefault((one.account, one.region), []).append(one)
        for measured in by_region.values():
            try:
                self._receiver.put_metrics(measured)
            except Exception:
                LOG.warning("Could not store the metrics of %s calls.", len(measured), exc_info=True)


def taken[T](queue: deque[T]) -> Iterable[T]:
    """Remove and return everything in the queue."""
    for _ in range(len(queue)):
        yield queue.popleft()


def in_order(events: Sequence[LogEvent]) -> list[LogEvent]:
    """The events as they came, with no time before its predecessor's: CloudWatch refuses a batch out of order."""
    ordered: list[LogEvent] = []
    last = 0
    for event in events:
        last = max(last, event.timestamp)
        ordered.append(event if event.timestamp == last else LogEvent(last, event.message))
    return ordered
