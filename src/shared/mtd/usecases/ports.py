"""The Protocols through which use cases reach the world. `mtd.adapters` serves them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from mtd.domain.json_types import Json
from mtd.domain.orders.mail import Mail
from mtd.domain.orders.money import plain
from mtd.domain.tax.document import TaxDocument
from mtd.engine.model.plan import Plan
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.tokens import CurrentToken, LeasedToken, LeaseResult, LockedOrder, TokenReference
from mtd.usecases.intake.new_orders import NewOrder, Registration, StartableProcess
from mtd.usecases.messages.message import Admission, EarlyMessage, SentMessage


class KeptMessages(Protocol):
    """The messages of PostgreSQL, in a unit of work."""

    def admit(self, message: SentMessage) -> Admission:
        """Write the message's row, unless one of its id is there."""
        ...

    def early(self, order_id: UUID, name: str) -> list[EarlyMessage]:
        """The messages of that name that wait for the order, the oldest first. No other commit takes them meanwhile."""
        ...

    def settle(self, message_id: int, taken_by: Sequence[str]) -> None:
        """Record that those orders have taken the message, whose values are forgotten."""
        ...


class UnitOfWork(Protocol):
    """Orders under lock. A block that ends without an error commits the writes with their messages.

    Raises UnstorableError there, with nothing written, when PostgreSQL refuses a value for good.
    """

    def locked(self, token: LeasedToken | CurrentToken) -> LockedOrder | None:
        """The token's order; None when the token has changed since the caller read it, so that decisions are stale."""
        ...

    def write(self, changes: Changes) -> None: ...

    @property
    def messages(self) -> KeptMessages: ...


class Registrations(Protocol):
    """New orders in the transaction that registers them. It commits the writes together with the orders."""

    @property
    def results(self) -> Sequence[Registration]: ...

    def write(self, changes: Changes) -> None: ...


class Registrar(Protocol):
    """The write side of PostgreSQL for new orders."""

    def startable(self, tenant: str, process: str, version: int | None) -> StartableProcess | None:
        """The active version of the tenant's process, or the given version unless it is retired; None without one."""
        ...

    def registration(self, new_orders: Sequence[NewOrder]) -> AbstractContextManager[Registrations]:
        """One transaction that writes the orders which are new."""
        ...


class FlowStore(Protocol):
    """The write side of PostgreSQL for orders on their way."""

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]: ...

    def current(self, references: Sequence[TokenReference]) -> list[CurrentToken]:
        """The tokens of these versions that are due, not leased, and not of a suspended order."""
        ...

    def lease(self, server: str, references: Sequence[TokenReference], system: str | None = None) -> LeaseResult:
        """Lease the server's tokens. While the circuit of the legacy system `system` is open, it leases none."""
        ...

    def unit_of_work(
        self, tokens: Sequence[LeasedToken] | Sequence[CurrentToken], *, with_content: bool = False
    ) -> AbstractContextManager[UnitOfWork]:
        """One transaction that locks the tokens' orders, one token of each order (see `rounds`).

        `with_content` asks for the orders' content in `LockedOrder`.
        """
        ...


class Tenants(Protocol):
    """The tenants of PostgreSQL."""

    def known(self, codes: Iterable[str]) -> frozenset[str]:
        """Codes of tenants that exist, among them all of `codes` that do."""
        ...


class StatesApi(Protocol):
    """MTD's own API, called with the function's IAM identity."""

    def post(self, path: str, body: Json) -> Json:
        """The JSON answer. Raises RetryableError for 429, 5xx and no answer, MtdError for any other refusal.

        The RetryableError has the code `api_failed` when the function of the path failed on this request.
        """
        ...


class StateMachines(Protocol):
    """Step Functions."""

    def start(self, name: str, execution: str, body: Json) -> None:
        """Start an execution, unless one of that name runs or has run."""
        ...


class Legacy(Protocol):
    """One legacy system over HTTP."""

    def call(self, method: str, path: str, body: Json | None, idempotency_key: str | None) -> Json:
        """The JSON answer.

        Raises BusinessError with the system's code when it refuses, NoAnswerError for a 5xx, a time-out or a refused
        connection, RetryableError for too many requests, NotFound for 404. A refusal carries its request.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DteRequest:
    """A tax document to issue. Amounts are decimal text in the document's currency."""

    #: The idempotency key.
    key: str
    document: TaxDocument
    #: The type and folio of the document that a credit note cancels.
    cancels: tuple[int, int] | None = None

    @property
    def document_type(self) -> int:
        return int(self.document.kind)

    @property
    def receiver_rut(self) -> str:
        return self.document.receiver.rut

    @property
    def net(self) -> str:
        """The amount before IVA, exempt or not."""
        return plain(self.document.totals.net + self.document.totals.exempt)

    @property
    def tax(self) -> str:
        return plain(self.document.totals.tax)

    @property
    def total(self) -> str:
        return plain(self.document.totals.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedDte:
    """A tax document that Paperless issued."""

    document_type: int
    folio: int
    #: Its day in Chile, ISO 8601.
    issued_at: str
    #: The TED (the document's electronic stamp), XML.
    stamp: str | None = None
    track_id: str | None = None


class Paperless(Protocol):
    """The tax document system."""

    def issue(self, request: DteRequest) -> IssuedDte:
        """Issue the document. Raises BusinessError with Paperless's code, RetryableError (also NoAnswerError) when the
        outcome is unknown."""
        ...

    def recover(self, key: str) -> IssuedDte | None:
        """The document that Paperless issued for that key; None when it issued none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailResult:
    """The result of one mail."""

    #: `sent` with its message id, `failed` for good, or `pending` for another try.
    status: str
    message_id: str | None = None
    reason: str | None = None


class Mailer(Protocol):
    """SES."""

    def send(self, mails: Sequence[Mail]) -> list[MailResult]:
        """Send text mails in as few calls as SES allows. Returns the result of each, in their sequence."""
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
    """A message of the waiting queue, received by `push_waiting`."""

    message_id: str
    receipt: str
    body: str
    receives: int
    sent_at: datetime


class Queues(Protocol):
    """SQS, by the queue's name in the configuration."""

    def send(self, destination: str, bodies: Sequence[str], delay_seconds: int = 0) -> None:
        """Send all messages, ten to a call. Raises UnavailableError when SQS does not take one."""
        ...

    def receive(self, destination: str, visibility_seconds: int) -> list[QueueMessage]: ...

    def delete(self, destination: str, receipts: Sequence[str]) -> None: ...

    def change_visibility(self, destination: str, receipts: Sequence[str], seconds: int) -> None: ...
