"""The Protocols through which connected systems are declared and called. `mtd.adapters` serves them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from mtd.domain.json_types import Json
from mtd.domain.systems.system import System
from mtd.usecases.flow.tokens import OrderSnapshot

UNREADABLE = object()
"""The content of an answer that is no JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRequest:
    """One request to a system."""

    method: str
    #: The path below the system's address.
    path: str
    #: The JSON body; of a GET or DELETE, the query.
    body: Mapping[str, Any] | None = None
    #: The idempotency key; None for a request that changes nothing.
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemAnswer:
    """The answer of a system."""

    status: int
    #: JSON; `{}` for an empty answer, UNREADABLE for any other.
    content: Any
    #: The beginning of an answer that is no JSON.
    text: str = ""
    #: The seconds of the header Retry-After.
    retry_after: float | None = None


class SystemConnection(Protocol):
    """Systems over HTTP, with their credentials."""

    def send(self, system: System, request: SystemRequest, timeout_seconds: float) -> SystemAnswer:
        """The answer, whatever its status. It follows no redirect.

        Raises NoAnswerError when there is none, also where the environment does not let the system be called
        (`address_refused`, `secret_unavailable`, `secret_malformed`, `token_refused`): no order is the cause. Raises
        BusinessError `answer_too_large` for an answer that is too large.
        """
        ...


class OwnServices(Protocol):
    """The functions and queues of teams in this account."""

    def invoke(self, function: str, calls: Sequence[Json], timeout_seconds: float) -> Any:
        """The JSON answer of the function to a batch of calls. Raises NoAnswerError."""
        ...

    def enqueue(self, queue: str, request: Json) -> None:
        """Raises NoAnswerError when the queue does not take the request."""
        ...


class Snapshots(Protocol):
    """Orders of PostgreSQL, read without a lock."""

    def snapshots(self, order_ids: Sequence[UUID]) -> Mapping[UUID, OrderSnapshot]:
        """The orders as they stand."""
        ...


class Reservations(Protocol):
    """The turns of systems with a rate, in PostgreSQL."""

    def reserve(self, system: System, calls: int, within_seconds: float) -> "Reservation":
        """Reserve turns for as many of these calls as the system's rate allows within that time."""
        ...


class Systems(Reservations, Protocol):
    """The declared systems of PostgreSQL."""

    def declared(self) -> Mapping[str, System]: ...

    def system(self, name: str) -> System:
        """Raises NotFound (`system_unknown`)."""
        ...

    def declare(self, system: System, person: str) -> bool:
        """Keep the declaration, and a circuit for the system. Returns whether the system is new."""
        ...

    def record_calls(self, system: str, calls: "CallCounts") -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The turns of a batch's calls at a system with a rate."""

    #: Seconds until the first turn.
    starts_in: float = 0.0
    #: How many calls have a turn.
    granted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCounts:
    """How the calls of one batch went."""

    calls: int
    unanswered: int
    refused: int
    #: Milliseconds of all calls together, and of the longest.
    ms: float
    longest_ms: float
