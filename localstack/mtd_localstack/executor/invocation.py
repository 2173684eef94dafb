"""One call of a function, what came of it, and its log."""

from dataclasses import dataclass

from mtd_localstack.executor.log_events import LogEvent, now_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of the function."""

    request_id: str
    arn: str
    trace_id: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a call; ``duration_ms`` excludes the init phase."""

    payload: bytes
    is_error: bool
    events: list[LogEvent]
    duration_ms: float

    @property
    def logs(self) -> str:
        """The log as text, a line an event."""
        return "".join(f"{event.message}\n" for event in self.events)


class InvocationLog:
    """The events of one invocation, their times never going back."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.events: list[LogEvent] = []

    def add(self, message: str) -> None:
        """Append a platform line."""
        self.extend([LogEvent(now_ms(), message)])

    def extend(self, events: list[LogEvent]) -> None:
        """Append what the function put out."""
        for event in events:
            last = self.events[-1].timestamp if self.events else 0
            self.events.append(event if event.timestamp >= last else LogEvent(last, event.message))
