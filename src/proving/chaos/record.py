"""What has struck, when, and how often."""

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
    """Grows from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._struck: list[StruckFault] = []

    def add(self, kind: FaultKind, victim: str = "", count: int = 1, at: float | None = None) -> None:
        """A count of 0 did not happen, and is not kept."""
        if count:
            with self._lock:
                moment = time.time() if at is None else at
                self._struck.append(StruckFault(at=round(moment, 3), kind=kind, victim=victim, count=count))

    def all(self) -> list[StruckFault]:
        """By time."""
        with self._lock:
            return sorted(self._struck, key=lambda struck: struck.at)

    def counts(self) -> dict[str, int]:
        """By kind, those that never struck as 0."""
        counted: Counter[str] = Counter()
        for struck in self.all():
            counted[struck.kind.value] += struck.count
        return {kind.value: counted[kind.value] for kind in FaultKind}
