"""Injects the faults of a plan as the run goes on, and ends faults that last."""

import heapq
import threading
import time
from collections.abc import Callable, Sequence

from proving.chaos.database import ChaosDatabase
from proving.chaos.functions import FunctionFaults
from proving.chaos.plan import FaultKind, PlannedFault
from proving.chaos.queues import MessageFaults
from proving.chaos.systems import SystemFaults

# If a fault holds the run up, the next one still comes.
_STALLED_SECONDS = 8.0
_LOOK_SECONDS = 0.1


class Injector:
    """A thread. `done` is True once every fault was injected and every lasting fault has ended."""

    def __init__(
        self,
        faults: Sequence[PlannedFault],
        share_done: Callable[[], float],
        functions: FunctionFaults,
        systems: SystemFaults,
        messages: MessageFaults,
        database: ChaosDatabase,
    ) -> None:
        self._left = list(faults)
        self._share_done = share_done
        self._functions, self._systems, self._messages = functions, systems, messages
        self._database = database
        self._ends: list[tuple[float, int, Callable[[], None]]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chaos", daemon=True)
        self.done = False
        self.failure: Exception | None = None

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stops the thread and ends lasting faults. Raises Problem when one cannot be ended."""
        self._stopped.set()
        self._thread.join()
        while self._ends:
            heapq.heappop(self._ends)[2]()
        self._systems.end_all()
        self._functions.disarm()
        self._functions.take_back()

    def _run(self) -> None:
        try:
            last = time.monotonic()
            while (self._left or self._ends) and not self._stopped.is_set():
                now = time.monotonic()
                while self._ends and self._ends[0][0] <= now:
                    heapq.heappop(self._ends)[2]()
                if self._left and (self._share_done() >= self._left[0].due or now - last > _STALLED_SECONDS):
                    self._strike(self._left.pop(0))
                    last = time.monotonic()
                self._systems.start_next()
                self._stopped.wait(_LOOK_SECONDS)
        except Exception as error:
            self.failure = error
        self.done = True

    def _strike(self, fault: PlannedFault) -> None:
        match fault.kind:
            case (
                FaultKind.KILLED_BEFORE_COMMIT
                | FaultKind.KILLED_MIDWAY
                | FaultKind.KILLED_AFTER_COMMIT
                | FaultKind.TIMED_OUT
            ):
                self._functions.arm(fault)
            case FaultKind.UPDATED:
                self._functions.update_all()
            case FaultKind.DATABASE_RESTARTED:
                self._database.restart()
            case FaultKind.CONNECTIONS_CUT:
                self._database.cut_connections()
            case FaultKind.CLOCK_JUMPED:
                self._database.jump_clock(fault.size)
            case (
                FaultKind.MESSAGES_DOUBLED
                | FaultKind.MESSAGES_REORDERED
                | FaultKind.MESSAGES_DELAYED
                | FaultKind.S3_EVENTS_DOUBLED
            ):
                self._messages.strike(fault)
            case FaultKind.READER_STOPPED:
                self._functions.stop_reader(fault.victim)
                self._later(fault.size, lambda: self._functions.start_reader(fault.victim))
            case FaultKind.RELAY_DEAD:
                self._functions.stop_relay()
                self._later(fault.size, self._functions.start_relay)
            case FaultKind.LEGACY_OUTAGE:
                self._systems.set(fault)
                self._later(fault.size, lambda: self._systems.end(fault))
            case _:
                self._systems.set(fault)

    def _later(self, seconds: float, end: Callable[[], None]) -> None:
        heapq.heappush(self._ends, (time.monotonic() + seconds, len(self._left), end))
