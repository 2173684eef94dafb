"""Looks at the running system every second: how far the orders are, queues, processes, database."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from proving.stress.database import RunDatabase, RunProgress
from proving.stress.processes import InstanceProcesses

EVERY_SECONDS = 1.0
# Queue depths and memory cost more to ask for than the rest.
_SELDOM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look, `at` seconds after the start.

    `cpu` is percent of one core since the sample before, by group of processes; `memory_mb` and `queues` are
    empty where this look left them out; `transactions` and `rows_written` are a second's.
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
    """A thread that samples; `samples` grows meanwhile."""

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
        """Begin."""
        self._started = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End after the sample under way."""
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
                    # A group whose process has ended starts over.
                    cpu={group: max(0.0, (cpu_now[group] - cpu.get(group, 0)) / seconds * 100) for group in cpu_now},
                    transactions=(load_now["transactions"] - load["transactions"]) / seconds,
                    rows_written=(load_now["rows_written"] - load["rows_written"]) / seconds,
                    memory_mb=self._processes.memory_mb() if seldom else {},
                    queues=self._depths() if seldom else {},
                )
            )
            at, cpu, load = now, cpu_now, load_now


def queue_depths(client: Any, prefix: str) -> Callable[[], dict[str, int]]:
    """Asks for the messages of each queue whose name starts so: waiting, delayed and in flight together."""
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
