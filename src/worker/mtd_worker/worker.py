"""The loop of a worker: it asks for tasks, does each, and reports."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from mtd_worker.client import Client, LeaseLost, Refusal, Unreachable
from mtd_worker.signing import Credentials

LOG = logging.getLogger(__name__)

type Json = dict[str, Any]

_REPORTS = 5
"""How often a report is repeated while MTD does not answer. The lease may run out meanwhile."""


class Refused(Exception):
    """The system refuses the order for good. `code` is what the boundary event of the task catches."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class Later(Exception):
    """The system may do it later; `seconds` is when it is asked again at the earliest."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of an order."""

    operation: str
    #: The order's number.
    order: str
    #: The same for each try of this visit: hand it to the system, so that it does the work once.
    key: str
    #: The fields that the sheet's `send` gives.
    request: Mapping[str, Any]
    tries: int
    #: An earlier worker may have done it.
    outcome_unknown: bool
    lease: str


type Work = Callable[[Task], Json]
"""Does a task. Returns the answer that the sheet's `result` reads. Raises Refused, Later."""


@dataclass(slots=True)
class Worker:
    """A worker of one system. `url` is that of the API, with its stage."""

    url: str
    region: str
    system: str
    #: The name that timelines show.
    name: str = field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}")
    #: Tasks at a time.
    parallel: int = 4
    #: Seconds for which it has each task; None for what the system's declaration says.
    lease_seconds: float | None = None
    credentials: Credentials | None = None
    #: Seconds for which a request waits for a task.
    wait_seconds: float = 15.0
    #: Seconds between two requests while MTD does not answer.
    pause_seconds: float = 2.0
    _works: dict[str, Work] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def operation(self, name: str) -> Callable[[Work], Work]:
        """Registers the function that does the tasks of that operation."""

        def register(work: Work) -> Work:
            self._works[name] = work
            return work

        return register

    def stop(self) -> None:
        """Take no more tasks; `run` ends once those at hand are reported."""
        self._stopping.set()

    def run(self) -> None:
        """Works until `stop` is called or SIGTERM comes. Raises Refusal when MTD does not take its requests."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, lambda *_: self.stop())
        client = Client(self.url, self.region, self.system, self.name, self.credentials)
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(self.parallel) as pool:
            while not self._stopping.is_set():
                running = {each for each in running if not each.done()}
                for task in self._ask(client, self.parallel - len(running)):
                    running.add(pool.submit(self._do, client, task))

    def _ask(self, client: Client, most: int) -> list[Task]:
        if most <= 0:
            self._stopping.wait(0.05)
            return []
        try:
            return [Task(**task) for task in map(_known, client.lease(most, self.wait_seconds, self.lease_seconds))]
        except Unreachable as error:
            LOG.warning("MTD does not answer: %s", error)
            self._stopping.wait(self.pause_seconds)
            return []

    def _do(self, client: Client, task: Task) -> None:
        work = self._works.get(task.operation)
        try:
            if work is None:
                raise Later(f"worker {self.name} does not know the operation {task.operation}")
            answer = work(task)
        except Refused as refused:
            code, message = refused.code, str(refused)
            self._report(lambda: client.error(task.lease, code, message))
        except Exception as error:
            LOG.exception("%s of order %s failed", task.operation, task.order)
            message, seconds = str(error) or type(error).__name__, getattr(error, "seconds", None)
            self._report(lambda: client.fail(task.lease, message, retry_after=seconds))
        else:
            self._report(lambda: client.complete(task.lease, answer))

    def _report(self, report: Callable[[], None]) -> None:
        for _ in range(_REPORTS):
            try:
                report()
            except Unreachable as error:
                LOG.warning("MTD does not take a report: %s", error)
                self._stopping.wait(self.pause_seconds)
            except (LeaseLost, Refusal) as error:
                # The task is another worker's, or goes to one.
                LOG.warning("report dropped: %s", error)
                return
            else:
                return


def _known(task: Json) -> Json:
    """The fields that this release knows: a later MTD may send more."""
    return {name: task[name] for name in Task.__slots__ if name in task}
