"""What the use cases need of the world, as Protocols; `mtd.adapters` serves them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from mtd.domain.mail import Mail
from mtd.domain.order import Order
from mtd.engine.plan import Plan
from mtd.engine.tokens import Token, Waits

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What a message carries: look at this token, if it still has this version."""

    token_id: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A fresh token and where it stands; `interrupted` says that its last try was cut off.

    A token that `waits` for a time is due.
    """

    token_id: int
    version: int
    node: str
    attempts: int
    data: Json
    order_id: UUID
    process_version_id: int
    due_at: datetime
    interrupted: bool
    waits: Waits = Waits.SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A token under lease, with its order: what an effect works on.

    `attempts` counts this try; `interrupted` says that its effect may have been made: a try was cut off, or a person
    put the order here.
    """

    token_id: int
    version: int
    node: str
    attempts: int
    data: Json
    entered_at: datetime
    interrupted: bool
    order_id: UUID
    order: Order
    process_version_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message for the outbox: `destination` is the name of a queue; delay in whole seconds."""

    destination: str
    body: Json
    delay_seconds: int = 0


@dataclass(slots=True, kw_only=True)
class Changes:
    """All that one commit writes; each list holds JSON rows in the shape of the query of its name in flow.sql."""

    moves: list[Json] = field(default_factory=list)
    tokens: list[Json] = field(default_factory=list)
    retries: list[Json] = field(default_factory=list)
    releases: list[Json] = field(default_factory=list)
    ends: list[Json] = field(default_factory=list)
    order_ends: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    completed: list[Json] = field(default_factory=list)
    left: list[Json] = field(default_factory=list)
    """Tokens that people's work no longer waits at: their tasks are cancelled unless they were completed."""
    tasks: list[Json] = field(default_factory=list)
    values: list[Json] = field(default_factory=list)
    totals: list[Json] = field(default_factory=list)
    documents: list[Json] = field(default_factory=list)
    credit_notes: list[Json] = field(default_factory=list)
    mails: list[Json] = field(default_factory=list)
    incidents: list[Json] = field(default_factory=list)
    lost: list[Json] = field(default_factory=list)
    """What an incident that is there already is to know of where its order stood."""
    looks: list[Json] = field(default_factory=list)
    """Tokens to be looked at, as they are, in so many seconds: no row changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A living token of an order, as its row holds it."""

    token_id: int
    version: int
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An order under lock for one step: all of its living tokens, and the values that its process keeps.

    `order` is there where it was asked for.
    """

    order_id: UUID
    standing: Mapping[int, Standing]
    """By the interpreter's id of the token."""
    values: Json
    order: Order | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An order to be registered: its row, what its process's first step writes, and the hops that brought it."""

    order_id: UUID
    row: Json
    changes: Changes
    event: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What became of a candidate: `registered`, `duplicate`, or `conflict` with the order `with_order`."""

    order_id: UUID
    status: str
    with_order: UUID | None = None


class Work(Protocol):
    """The write side of PostgreSQL: each method is one transaction."""

    def startable(self, process: str, version: int | None) -> tuple[int, Plan] | None:
        """The process's active version, or that one unless it is retired; None when there is none."""
        ...

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]: ...

    def current(self, references: Sequence[Reference]) -> list[Place]: ...

    def lease(self, server: str, references: Sequence[Reference]) -> list[Case]: ...

    def commit[T: (Case, Place)](
        self, cases: Sequence[T], decide: Callable[[T, Held], Changes], *, orders: bool = False
    ) -> None:
        """Lock the cases' orders; of every case that still stands write what `decide` makes of it; send the messages.

        One commit for all, but for tokens of one order, which go one after the other. `orders` asks for them in `Held`.
        """
        ...

    def register(self, candidates: Sequence[Candidate]) -> list[Registration]:
        """Write new orders with their tokens and events; say of each candidate what became of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an effect brought: detail for the event, and rows to write with it."""

    detail: Json = field(default_factory=dict)
    hops: tuple[Json, ...] = ()
    document: Json | None = None
    total: str | None = None
    mails: tuple[str, ...] = ()
    incident: Json | None = None
    outcome_reason: str | None = None


type Effect = Callable[[Case], Done]
"""A state's work on one order. Raises BusinessError when refused for good, RetryableError when it may work later."""


class StatesApi(Protocol):
    """MTD's own API, called with the function's IAM identity."""

    def post(self, path: str, body: Json) -> Json:
        """The JSON answer. Raises RetryableError on 429, 5xx and silence, MtdError on any other refusal.

        The code of the RetryableError is `api_failed` when the function that serves the path failed on this request.
        """
        ...


class StateMachines(Protocol):
    """Step Functions."""

    def start(self, name: str, execution: str, body: Json) -> None:
        """Start once: an execution of that name that runs or ran already is fine."""
        ...


class Legacy(Protocol):
    """One legacy system over HTTP."""

    def call(self, method: str, path: str, body: Json | None, idempotency_key: str | None) -> Json:
        """The JSON answer.

        Raises BusinessError with the system's code when it refuses, RetryableError on 5xx, time-out or refusal of
        the connection, NotFound on 404.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DteRequest:
    """A tax document to issue; `key` is its idempotency key. Amounts are decimal text in `currency`."""

    key: str
    document_type: int
    receiver_rut: str
    receiver_name: str
    receiver_activity: str
    order_number: str
    currency: str
    net: str
    tax: str
    total: str
    lines: tuple[tuple[str, str, str, str], ...]
    """Name, quantity, price and amount of each line."""
    cancels: tuple[int, int] | None = None
    """The type and folio of the document that a credit note cancels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedDte:
    """A tax document that Paperless issued."""

    document_type: int
    folio: int
    issued_at: str


class Paperless(Protocol):
    """The tax document system."""

    def issue(self, request: DteRequest) -> IssuedDte:
        """Issue it. Raises BusinessError with Paperless's code, RetryableError when its fate is unknown."""
        ...

    def recover(self, key: str) -> IssuedDte | None:
        """What was issued for that key; None when nothing was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What became of one mail: `sent` with its message id, `failed` for good, or `pending` for another try."""

    status: str
    message_id: str | None = None
    reason: str | None = None


class Mailer(Protocol):
    """SES."""

    def send(self, mails: Sequence[Mail]) -> list[Sending]:
        """Send text mails, the fewest calls that carry them; what became of each, in their order."""
        ...


class Objects(Protocol):
    """S3."""

    def get(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """The content of that version, or of the newest. Raises NotFound."""
        ...

    def put(self, bucket: str, key: str, content: bytes, content_type: str) -> None: ...

    def copy(self, bucket: str, key: str, new_key: str, version: str | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A message as received by hand."""

    message_id: str
    receipt: str
    body: str
    receives: int
    sent_at: datetime


class Queues(Protocol):
    """SQS, by the queue's name in the configuration."""

    def send(self, destination: str, bodies: Sequence[str], delay_seconds: int = 0) -> None:
        """Send all, ten to a call. Raises UnavailableError when one was not taken."""
        ...

    def receive(self, destination: str, visibility_seconds: int) -> list[QueueMessage]: ...

    def delete(self, destination: str, receipts: Sequence[str]) -> None: ...

    def change_visibility(self, destination: str, receipts: Sequence[str], seconds: int) -> None: ...
