"""Records the faults that have struck."""

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from proving.chaos.plan import FaultKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StruckFault:
    """A fault that happened `at` (seconds since 1970) to `victim`, `count` calls, messages or times."""

    at: float
    kind: FaultKind
    victim: str
    count: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class FaultRecord:
    """A thread-safe list of faults that struck."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._struck: list[StruckFault] = []

    def add(self, kind: FaultKind, victim: str = "", count: int = 1, at: float | None = None) -> None:
        """Adds a fault; a count of 0 is ignored."""
        if count:
            with self._lock:
                moment = time.time() if at is None else at
                self._struck.append(StruckFault(at=round(moment, 3), kind=kind, victim=victim, count=count))

    def all(self) -> list[StruckFault]:
        """All faults, by time."""
        with self._lock:
            return sorted(self._struck, key=lambda struck: struck.at)

    def counts(self) -> dict[str, int]:
        """The number of faults of each kind, 0 included."""
        counted: Counter[str] = Counter()
        for struck in self.all():
            counted[struck.kind.value] += struck.count
        return {kind.value: counted[kind.value] for kind in FaultKind}
