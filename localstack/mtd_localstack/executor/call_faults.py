"""Faults in calls of functions: a killed process, or a timeout.

A caller arms them for a function. ``killed`` ends the process some milliseconds into a call;
``killed_answering`` ends it after all its work, before its answer. ``timed_out`` shortens the call's time: the process
is then killed, and "Task timed out" is answered and logged, as for any call that lasts too long.
"""

import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

KILLED = "killed"
KILLED_ANSWERING = "killed_answering"
TIMED_OUT = "timed_out"
KINDS = (KILLED, KILLED_ANSWERING, TIMED_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFault:
    """One fault for one call of ``function``; ``after_ms`` into it, of no meaning for ``killed_answering``."""

    function: str
    kind: str
    after_ms: float = 0.0


class CallFaults:
    """The faults that are armed, and those that struck. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: dict[str, deque[CallFault]] = {}
        self._struck: list[dict[str, Any]] = []

    def arm(self, fault: CallFault) -> None:
        """Arm the fault for the function's next call. Raises ValueError for an unknown kind."""
        if fault.kind not in KINDS:
            raise ValueError(f"no fault {fault.kind!r}: one of {', '.join(KINDS)}")
        with self._lock:
            self._armed.setdefault(fault.function, deque()).append(fault)

    def take(self, function: str) -> CallFault | None:
        """The fault of the call that begins now."""
        with self._lock:
            waiting = self._armed.get(function)
            return waiting.popleft() if waiting else None

    def missed(self, fault: CallFault) -> None:
        """Give the fault to the next call, because this one ended before it struck."""
        with self._lock:
            self._armed.setdefault(fault.function, deque()).appendleft(fault)

    def struck(self, fault: CallFault) -> None:
        """Record that it happened."""
        with self._lock:
            at = round(time.time(), 3)
            self._struck.append(asdict(fault) | {"at": at})

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """``armed`` and ``struck``; ``at`` in seconds since 1970."""
        with self._lock:
            armed = [asdict(fault) for waiting in self._armed.values() for fault in waiting]
            return {"armed": armed, "struck": list(self._struck)}

    def clear(self) -> dict[str, list[dict[str, Any]]]:
        """Forget all faults and return the last snapshot."""
        cleared = self.snapshot()
        with self._lock:
            self._armed.clear()
            self._struck.clear()
        return cleared
