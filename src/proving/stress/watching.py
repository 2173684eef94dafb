"""Samples the running system every second: orders, queues, processes, database."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from proving.stress.database import RunDatabase, RunProgress
from proving.stress.processes import InstanceProcesses

EVERY_SECONDS = 1.0
# Queue depths and memory cost more than the other values.
_SELDOM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample, `at` seconds after the start.

    `cpu` is percent of one core since the sample before, by group of processes; `memory_mb` and `queues` are
    empty in samples without them. `transactions` and `rows_written` are rates a second.
    """

    at: float
    put: int
    progress: RunProgress
    cpu: dict[str, float]
    transactions: float
    rows_written: float
    memory_mb: dict[str, float] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)


class Sampler:
    """A thread that appends to `samples`."""

    def __init__(
        self,
        database: RunDatabase,
        processes: InstanceProcesses,
        depths: Callable[[], dict[str, int]],
        put: Callable[[], int],
    ) -> None:
        self._database = database
        self._processes = processes
        self._depths = depths
        self._put = put
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.samples: list[Sample] = []

    def start(self) -> None:
        """Starts the thread."""
        self._started = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Stops the thread after the current sample."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        at, cpu, load = time.monotonic(), self._processes.cpu_seconds(), self._database.load()
        while not self._stopped.wait(EVERY_SECONDS):
            now, cpu_now, load_now = time.monotonic(), self._processes.cpu_seconds(), self._database.load()
            seconds, seldom = now - at, len(self.samples) % _SELDOM == 0
            self.samples.append(
                Sample(
                    at=now - self._started,
                    put=self._put(),
                    progress=self._database.progress(),
                    # The counters of a restarted process start from 0.
                    cpu={group: max(0.0, (cpu_now[group] - cpu.get(group, 0)) / seconds * 100) for group in cpu_now},
                    transactions=(load_now["transactions"] - load["transactions"]) / seconds,
                    rows_written=(load_now["rows_written"] - load["rows_written"]) / seconds,
                    memory_mb=self._processes.memory_mb() if seldom else {},
                    queues=self._depths() if seldom else {},
                )
            )
            at, cpu, load = now, cpu_now, load_now


def queue_depths(client: Any, prefix: str) -> Callable[[], dict[str, int]]:
    """A function that returns the messages (visible, delayed and in flight) of each queue with that prefix."""
    urls = client.list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]

    def ask() -> dict[str, int]:
        depths = {}
        for url in urls:
            attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            depths[url.rpartition("/")[2].removeprefix(prefix)] = sum(int(attributes[name]) for name in names)
        return depths

    return ask
