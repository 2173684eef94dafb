"""Faults of the legacy systems, through the control API of the simulator."""

import threading
from typing import Any

from proving.chaos.plan import FaultKind, PlannedFault
from proving.chaos.record import FaultRecord
from proving.chaos.web import ask

# Longer than any function waits for a legacy system.
_HANG_SECONDS = 12.0


class SystemFaults:
    """Injects faults, one at a time for each system."""

    def __init__(self, simulator: str, record: FaultRecord) -> None:
        self._control = f"{simulator}/control/faults"
        self._record = record
        self._lock = threading.Lock()
        self._in_force: dict[str, PlannedFault] = {}
        self._next: list[PlannedFault] = []

    def set(self, fault: PlannedFault) -> None:
        """Queues a fault for the next `times` calls of the system, after the faults before it. An outage begins at once
        and lasts until `end`."""
        with self._lock:
            if fault.kind is not FaultKind.LEGACY_OUTAGE and fault.victim in self._in_force:
                self._next.append(fault)
            else:
                self._start(fault)

    def start_next(self) -> None:
        """Starts the next fault of each system whose current fault is used up."""
        with self._lock:
            if not self._next:
                return
            busy = {one["system"] for one in self._listed()}
            for fault in list(self._next):
                if fault.victim not in busy:
                    busy.add(fault.victim)
                    self._next.remove(fault)
                    self._start(fault)

    def end(self, fault: PlannedFault) -> None:
        """Ends the fault, unless another one has replaced it."""
        with self._lock:
            if self._in_force.get(fault.victim) is fault:
                self._settle(fault.victim)

    def end_all(self) -> None:
        """Ends all faults."""
        with self._lock:
            self._next.clear()
            for system in list(self._in_force):
                self._settle(system)

    def _start(self, fault: PlannedFault) -> None:
        self._settle(fault.victim)
        ask("PUT", f"{self._control}/{fault.victim}", _settings(fault))
        self._in_force[fault.victim] = fault

    def _listed(self) -> list[dict[str, Any]]:
        """The faults of whole systems. Faults of single orders belong to others."""
        return [one for one in ask("GET", self._control)["faults"] if one["order"] is None]

    def _settle(self, system: str) -> None:
        fault = self._in_force.pop(system, None)
        if fault is None:
            return
        left = [one["times"] for one in self._listed() if one["system"] == system]
        ask("DELETE", f"{self._control}/{system}")
        struck = 1 if fault.kind is FaultKind.LEGACY_OUTAGE else fault.times - sum(left)
        self._record.add(fault.kind, system, struck)


def _settings(fault: PlannedFault) -> dict[str, Any]:
    match fault.kind:
        case FaultKind.LEGACY_OUTAGE:
            return {"outage": True}
        case FaultKind.LEGACY_5XX:
            return {"error_rate": 1.0, "times": fault.times}
        case FaultKind.LEGACY_REFUSED:
            return {"refusal_rate": 1.0, "refusal_code": "chaos", "times": fault.times}
        case FaultKind.LEGACY_SLOW:
            return {"latency_ms": fault.size, "times": fault.times}
        case FaultKind.LEGACY_LATE_UNDONE:
            return {"hang_before": True, "hang_seconds": _HANG_SECONDS, "times": fault.times}
        case FaultKind.LEGACY_LATE_DONE:
            return {"hang_after": True, "hang_seconds": _HANG_SECONDS, "times": fault.times}
    raise ValueError(fault.kind)
