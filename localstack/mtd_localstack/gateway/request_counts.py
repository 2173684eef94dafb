"""Counts the requests that LocalStack serves: those from outside, and those its services make to each other."""

from collections import Counter
from threading import Lock
from typing import Any

EXECUTE_API_PATHS = ("/_aws/execute-api/", "/restapis/")


class RequestCounts:
    """A handler for LocalStack's response chain; costs a dictionary look-up a request."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._external: Counter[str] = Counter()
        self._internal: Counter[str] = Counter()

    def __call__(self, _chain: Any, context: Any, _response: Any) -> None:
        """Count the request that ``context`` describes."""
        operation = context.operation
        if operation is not None:
            name = f"{context.service.service_name}.{operation.name}"
        elif context.request.path.startswith(EXECUTE_API_PATHS):
            name = "execute-api.Invoke"
        else:
            return  # LocalStack's own pages: health, /_aws/ses, /_mtd
        counter = self._internal if context.is_internal_call else self._external
        with self._lock:
            counter[name] += 1

    def snapshot(self) -> dict[str, dict[str, int]]:
        """The counts by ``service.Operation`` since start or ``reset``."""
        with self._lock:
            return {
                "external": dict(sorted(self._external.items())),
                "internal": dict(sorted(self._internal.items())),
            }

    def reset(self) -> dict[str, dict[str, int]]:
        """Start from zero; returns what had been counted."""
        with self._lock:
            counted = {"external": dict(self._external), "internal": dict(self._internal)}
            self._external.clear()
            self._internal.clear()
        return counted
