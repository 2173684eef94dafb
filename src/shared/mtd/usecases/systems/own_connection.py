"""Systems that are a team's own function or queue in this account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from mtd.domain.errors import MtdError, RetryableError
from mtd.domain.json_types import Json
from mtd.domain.systems.system import System
from mtd.usecases.systems.ports import OwnServices, SystemAnswer, SystemConnection, SystemRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRequest:
    """A request of a batch, and the order that it is for."""

    request: SystemRequest
    operation: str
    #: The order's number.
    order: str
    #: The message by which the answer may come.
    later: str | None = None

    def json(self) -> Json:
        """The request as the function or the queue gets it."""
        return {
            "key": self.request.key,
            "operation": self.operation,
            "order": self.order,
            "request": dict(self.request.body or {}),
            **({"answer_as": self.later} if self.later else {}),
        }


def own_connection(system: System, requests: Sequence[OwnRequest], services: OwnServices) -> SystemConnection:
    """The connection for the requests of one batch."""
    by_key = {each.request.key: each for each in requests}
    if system.queue:
        return QueuedRequests(services=services, requests=by_key)
    return InvokedBatch(services=services, requests=by_key)


@dataclass(slots=True, kw_only=True)
class InvokedBatch:
    """Invokes the function once for the whole batch, when the first of its requests is to be sent.

    It gets `[{key, operation, order, request}]` and answers `[{key, values}]`, or `{key, error: {code, message,
    retry}}` for an order that it refuses, or with `retry` for one that it may do later.
    """

    services: OwnServices
    requests: Mapping[str | None, OwnRequest]
    _lock: Lock = field(default_factory=Lock)
    _answers: Mapping[str, Json] | None = None
    _error: MtdError | None = None

    def send(self, system: System, request: SystemRequest, timeout_seconds: float) -> SystemAnswer:
        with self._lock:
            if self._answers is None and self._error is None:
                self._invoke(system, timeout_seconds)
        if self._error is not None:
            # One of its own for each order: the payload of an incident is added to it.
            raise type(self._error)(str(self._error), code=self._error.code)
        answer = (self._answers or {}).get(request.key or "")
        if answer is None:
            raise RetryableError(f"the function {system.function} did not answer for this order", code="answer_missing")
        return _read(answer)

    def _invoke(self, system: System, timeout_seconds: float) -> None:
        calls = [each.json() for each in self.requests.values()]
        try:
            answered = self.services.invoke(system.function, calls, timeout_seconds)
        except MtdError as error:
            self._error = error
            return
        rows = answered if isinstance(answered, list) else []
        self._answers = {str(row["key"]): row for row in rows if isinstance(row, dict) and "key" in row}


def _read(answer: Json) -> SystemAnswer:
    error = answer.get("error")
    if not isinstance(error, dict):
        return SystemAnswer(status=200, content=answer.get("values", {}))
    code, message = str(error.get("code") or "function_failed"), str(error.get("message") or "no reason given")
    if error.get("retry") is True:
        raise RetryableError(message, code=code)
    return SystemAnswer(status=422, content={"code": code, "message": message})


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedRequests:
    """Sends each request to the queue. The answer comes as a message of the order."""

    services: OwnServices
    requests: Mapping[str | None, OwnRequest]

    def send(self, system: System, request: SystemRequest, timeout_seconds: float) -> SystemAnswer:
        del timeout_seconds  # SQS answers at once, or not at all.
        found: Any = self.requests[request.key].json()
        self.services.enqueue(system.queue, found)
        return SystemAnswer(status=202, content={})
