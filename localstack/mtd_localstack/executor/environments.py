"""The execution environments that are alive, to be listed and recycled."""

import threading
from collections.abc import Collection, Mapping
from typing import Any, Protocol


class Recyclable(Protocol):
    """An execution environment."""

    def recycle(self) -> None:
        """Have the next call served by a fresh process."""

    def describe(self) -> dict[str, Any]:
        """The JSON object of the environment in listings."""

    def start(self) -> None:
        """Have a process that waits for a call; blocks while a debugger holds it."""

    def release(self) -> None:
        """Kill its process if that is debugged, in the middle of a call too."""


class Environments:
    """A thread-safe register of environments by id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, tuple[str, str, Recyclable]] = {}

    def add(self, id: str, function: str, qualifier: str, environment: Recyclable) -> None:
        """Register an environment that serves ``function``."""
        with self._lock:
            self._entries[id] = (function, qualifier, environment)

    def remove(self, id: str) -> None:
        """Forget an environment; it may be unknown."""
        with self._lock:
            self._entries.pop(id, None)

    def recycle(self, functions: Collection[str]) -> dict[str, int]:
        """Recycle the environments of these functions; how many each had."""
        with self._lock:
            entries = list(self._entries.values())
        recycled = dict.fromkeys(functions, 0)
        for function, _, environment in entries:
            if function in recycled:
                environment.recycle()
                recycled[function] += 1
        return recycled

    def start_anew(self, function: str) -> bool:
        """Recycle the function's environments, and start one of them ahead of the next call; whether there is any."""
        with self._lock:
            environments = [environment for name, _, environment in self._entries.values() if name == function]
        for environment in environments:
            environment.recycle()
        for environment in environments[:1]:
            threading.Thread(target=environment.start, name=f"debug {function}", daemon=True).start()
        return bool(environments)

    def release(self, functions: Collection[str]) -> None:
        """Have the debugged processes of these functions replaced by ordinary ones."""
        with self._lock:
            environments = [environment for name, _, environment in self._entries.values() if name in functions]
        for environment in environments:
            environment.release()

    def describe(self) -> list[Mapping[str, Any]]:
        """All environments, in the order they came."""
        with self._lock:
            entries = list(self._entries.values())
        return [
            {"function": function, "qualifier": qualifier, **environment.describe()}
            for function, qualifier, environment in entries
        ]
