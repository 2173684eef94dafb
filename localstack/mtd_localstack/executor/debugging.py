"""The functions whose next processes start under a debugger, at the request of `mtd debug`."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Debugger:
    """debugpy in ``folder`` listens on ``host``:``port``; with ``wait`` the process waits there for an IDE."""

    folder: str
    host: str
    port: int
    wait: bool

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Debugger":
        """Read the request of `mtd debug`. Raises ValueError with the wrong fields."""
        kinds: dict[str, type] = {"folder": str, "host": str, "port": int, "wait": bool}
        wrong = [name for name, kind in kinds.items() if type(body.get(name)) is not kind]
        if wrong:
            raise ValueError(f"missing or of another type: {', '.join(wrong)}")
        return cls(**{name: body[name] for name in kinds})

    def as_json(self) -> dict[str, Any]:
        """For the function's process."""
        return asdict(self)


class Debuggers:
    """A thread-safe register by function. It holds one debugger at a time, because all share a port."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: dict[str, Debugger] = {}

    def want(self, function: str, debugger: Debugger) -> list[str]:
        """Set the debugger of a function; returns the other functions, which lose theirs."""
        with self._lock:
            lost = [name for name in self._wanted if name != function]
            self._wanted = {function: debugger}
        return lost

    def end(self) -> list[str]:
        """Remove all debuggers; returns the functions that lose theirs."""
        with self._lock:
            lost, self._wanted = list(self._wanted), {}
        return lost

    def of(self, function: str) -> Debugger | None:
        """The one for the function's next process."""
        with self._lock:
            return self._wanted.get(function)
