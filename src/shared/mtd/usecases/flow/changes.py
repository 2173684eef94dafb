"""The changes of one commit. A use case states them by the methods of `Changes`; the adapter makes rows of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from mtd.domain.json_types import Json
from mtd.domain.lanes import MAIN, lane_of
from mtd.engine.model.tokens import Waits
from mtd.usecases.flow.tokens import TokenReference

LONGEST_DELAY_SECONDS = 900
"""The longest delay of a queue's message (SQS DelaySeconds). `watch_deadlines` wakes timers that are due later."""


class Row(Protocol):
    """A token's row at the version that was read."""

    @property
    def token_id(self) -> int: ...

    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message for the outbox: `destination` is the name of a queue; the delay is in whole seconds."""

    destination: str
    body: Json
    delay_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlace:
    """The place where a token rests. Its fields are those of `mtd.engine.model.tokens.Token`."""

    node: str
    waits: Waits
    #: The name of the server, where it differs from the node's.
    server: str | None = None
    scope: int | None = None
    host: int | None = None
    via: str | None = None
    item: int | None = None
    size: int | None = None
    #: `left` of the engine's token.
    remaining: int | None = None
    element: Any = None
    elements: Sequence[Any] | None = None
    #: `values` of the engine's token.
    own_values: Mapping[str, Any] | None = None
    #: The name of the message or signal that it waits for.
    message: str | None = None
    due_at: datetime | None = None
    #: When its timer was set up first: a cycle is counted from there.
    since: datetime | None = None
    #: The data that the server gets with the token.
    data: Json | None = None
    #: `visit` of the engine's token.
    visit: str | None = None

    @property
    def lane(self) -> str:
        """The lane of its server; the main one where it waits for something else."""
        return lane_of(self.server or self.node) if self.waits is Waits.SERVICE else MAIN

    def wake_delay(self) -> int | None:
        """Seconds until a message tells `route_order` to look at the token.

        None where a person, a message, another token or, for a far timer, `watch_deadlines` wakes it.
        """
        if self.waits is Waits.SERVICE:
            return 0
        if self.waits is not Waits.TIME:
            return None
        seconds = (self.due_at - datetime.now(UTC)).total_seconds() if self.due_at else 0.0
        return math.floor(max(seconds, 0)) + 1 if seconds < LONGEST_DELAY_SECONDS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedToken:
    """A token that goes to another place; its version rises by one."""

    token_id: int
    version: int
    place: TokenPlace
    wake_delay: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A new token."""

    order_id: UUID
    #: The interpreter's id of the token.
    ordinal: int
    place: TokenPlace
    wake_delay: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetriedToken:
    """A token that is tried again after the delay; its version rises by one."""

    token_id: int
    version: int
    delay_seconds: float

    @property
    def wake_delay(self) -> int:
        """Whole seconds; below one second the nearer of none and one."""
        return math.ceil(self.delay_seconds) if self.delay_seconds >= 1 else round(self.delay_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedToken:
    """A token that waits until the circuit of `system` closes; its version rises by one."""

    token_id: int
    version: int
    system: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wakeup:
    """A message about a token whose row does not change."""

    token_id: int
    version: int
    delay_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnd:
    """An order's end. The commit deletes all of its tokens and cancels its open tasks."""

    order_id: UUID
    outcome: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """An event of the order's timeline and audit chain."""

    order_id: UUID
    #: The function, or the person, that did it.
    who: str
    what: str
    from_state: str | None = None
    to_state: str | None = None
    source: str = "PostgreSQL"
    ms: float | None = None
    request_id: str | None = None
    detail: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedTask:
    """A task that a person has done, with the values of its form."""

    task_id: int
    person: str
    result: Json
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A person's task at a token that comes to rest in the same commit."""

    order_id: UUID
    #: The interpreter's id of the token.
    ordinal: int
    node: str
    name: str
    team: str
    candidate: str | None = None
    form: str | None = None
    priority: str | None = None
    due_at: datetime | None = None
    follow_up_at: datetime | None = None
    #: Of a task in a multi-instance activity: its instance's element, the name that rules call it, and its number.
    element: Any = None
    element_name: str | None = None
    item: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderValues:
    """Values of the order's process. They replace earlier values of the same names."""

    order_id: UUID
    data: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderVisits:
    """The numbers of the latest visits of tasks that call a connected system, by `visit_place`."""

    order_id: UUID
    visits: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrownSignal:
    """A signal that an order threw. The commit wakes the other orders of its tenant that wait for it."""

    order_id: UUID
    signal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTotal:
    """The order's total, in its currency."""

    order_id: UUID
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedDocument:
    """A tax document that Paperless issued for the order."""

    document_type: int
    folio: int
    #: In `currency`.
    amount: Decimal
    currency: str
    #: The issuer's RUT.
    issuer: str | None = None
    #: The document's day in Chile, ISO 8601.
    issued_on: str | None = None
    #: The TED (the document's electronic stamp), XML.
    stamp: str | None = None
    track_id: str | None = None
    #: Its number among the documents of the order, from 1.
    part: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote(IssuedDocument):
    """A tax document that cancels another one."""

    #: The type of the document that it cancels.
    refers_to_type: int
    #: The folio of the document that it cancels.
    refers_to_folio: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedMail:
    """A mail to the order's customer. The commit sends a message to `notifications` for it."""

    order_id: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A failure that a person must see to."""

    order_id: UUID
    #: None where no token of the order ever had a row.
    token_id: int | None
    version: int
    state: str
    code: str
    message: str
    #: Equal for incidents of one cause.
    fingerprint: str
    attempts: int
    #: `refused`, `late`, … (`MtdError.kind`).
    kind: str
    #: The request that failed.
    payload: Json | None
    #: The order's tokens before the failure. A retry puts them back.
    snapshot: Json

    def with_snapshot(self, snapshot: Json) -> "Incident":
        """The same incident with another snapshot."""
        return replace(self, snapshot=snapshot)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUpdate:
    """A new snapshot for the open incident of a token."""

    token_id: int
    snapshot: Json


@dataclass(slots=True, kw_only=True)
class Changes:
    """The changes of one decision. One commit writes them with their messages."""

    moved_tokens: list[MovedToken] = field(default_factory=list)
    new_tokens: list[NewToken] = field(default_factory=list)
    retried_tokens: list[RetriedToken] = field(default_factory=list)
    postponed_tokens: list[RetriedToken] = field(default_factory=list)
    parked_tokens: list[ParkedToken] = field(default_factory=list)
    released_tokens: list[TokenReference] = field(default_factory=list)
    deleted_tokens: list[TokenReference] = field(default_factory=list)
    wakeups: list[Wakeup] = field(default_factory=list)
    order_ends: list[OrderEnd] = field(default_factory=list)
    events: list[OrderEvent] = field(default_factory=list)
    completed_tasks: list[CompletedTask] = field(default_factory=list)
    #: The rows of tokens whose people's tasks end undone.
    cancelled_tasks: list[int] = field(default_factory=list)
    new_tasks: list[NewTask] = field(default_factory=list)
    #: Tasks whose time has passed, and that are escalated.
    overdue_tasks: list[int] = field(default_factory=list)
    values: list[OrderValues] = field(default_factory=list)
    visits: list[OrderVisits] = field(default_factory=list)
    signals: list[ThrownSignal] = field(default_factory=list)
    totals: list[OrderTotal] = field(default_factory=list)
    documents: list[tuple[UUID, IssuedDocument]] = field(default_factory=list)
    credit_notes: list[tuple[UUID, CreditNote]] = field(default_factory=list)
    mails: list[RequestedMail] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    incident_updates: list[IncidentUpdate] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def move(self, row: Row, place: TokenPlace) -> None:
        """Put a token elsewhere, and wake its server or its timer there."""
        self.moved_tokens.append(
            MovedToken(token_id=row.token_id, version=row.version, place=place, wake_delay=place.wake_delay())
        )

    def insert(self, order_id: UUID, ordinal: int, place: TokenPlace) -> None:
        """Add a token, and wake its server or its timer."""
        new = NewToken(order_id=order_id, ordinal=ordinal, place=place, wake_delay=place.wake_delay())
        self.new_tokens.append(new)

    def retry(self, row: Row, delay_seconds: float) -> None:
        """Have the token's server called again after the delay."""
        retried = RetriedToken(token_id=row.token_id, version=row.version, delay_seconds=delay_seconds)
        self.retried_tokens.append(retried)

    def postpone(self, row: Row, delay_seconds: float) -> None:
        """Have the token's server called after the delay. Its lease was no try."""
        postponed = RetriedToken(token_id=row.token_id, version=row.version, delay_seconds=delay_seconds)
        self.postponed_tokens.append(postponed)

    def park(self, row: Row, system: str, *, probe_in: int | None = None) -> None:
        """Let the token wait for the system's circuit. After `probe_in` seconds it, or another, probes the system."""
        self.parked_tokens.append(ParkedToken(token_id=row.token_id, version=row.version, system=system))
        if probe_in is not None:
            self.wakeups.append(Wakeup(token_id=row.token_id, version=row.version + 1, delay_seconds=probe_in))

    def release(self, row: Row) -> None:
        """Give a lease back; the token stays."""
        self.released_tokens.append(TokenReference(token_id=row.token_id, version=row.version))

    def delete(self, row: Row) -> None:
        """Take the token away."""
        self.deleted_tokens.append(TokenReference(token_id=row.token_id, version=row.version))

    def wake(self, row: Row, delay_seconds: int) -> None:
        """Have `route_order` look at the token, which does not change."""
        self.wakeups.append(Wakeup(token_id=row.token_id, version=row.version, delay_seconds=delay_seconds))

    def end(self, order_id: UUID, outcome: str, reason: str | None = None) -> None:
        """End the order."""
        self.order_ends.append(OrderEnd(order_id=order_id, outcome=outcome, reason=reason))

    def record(self, event: OrderEvent) -> None:
        """Write an event of the order."""
        self.events.append(event)

    def fail(self, incident: Incident) -> None:
        """Open an incident. An existing incident of the same token and version stays as it is."""
        self.incidents.append(incident)

    def mail(self, order_id: UUID, kind: str) -> None:
        """Ask for a mail to the customer. An order gets each kind once."""
        self.mails.append(RequestedMail(order_id=order_id, kind=kind))

    def enqueue(self, message: Message) -> None:
        """Send a message after the commit."""
        self.messages.append(message)
