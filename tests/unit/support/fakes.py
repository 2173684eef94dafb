"""The world as the use cases see it, in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from tests.support.orders import OrderFile

from mtd.domain.business_zone import business_zone
from mtd.domain.circuit import CircuitState
from mtd.domain.errors import MtdError, NotFound, ProcessError, UnstorableError
from mtd.domain.json_types import Json
from mtd.domain.orders import ubl
from mtd.domain.orders.mail import Mail
from mtd.domain.orders.order import Order
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.engine.compiler import importing
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, Waits
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.tokens import CurrentToken, LeasedToken, LeaseResult, LockedOrder, TokenReference, TokenRow
from mtd.usecases.intake.new_orders import NewOrder, Registration, RegistrationStatus, StartableProcess
from mtd.usecases.messages.message import Admission, EarlyMessage, SentMessage
from mtd.usecases.ports import MailResult, QueueMessage
from mtd.usecases.processes.import_processes import STATES

PLAN = importing.compile_plan(
    (Path(__file__).parents[3] / "seed" / "processes" / "purchase-order.bpmn").read_bytes(), "purchase-order", STATES
)


def leased(
    node: str, token_id: int = 1, *, attempts: int = 1, outcome_unknown: bool = False, **knobs: Any
) -> LeasedToken:
    """A leased token with its order; `data` and the order file's knobs as given."""
    data = knobs.pop("data", {})
    order = ubl.parse_order(OrderFile(number=f"N-{token_id}", **knobs).xml().encode())
    return LeasedToken(
        token_id=token_id,
        version=3,
        node=node,
        attempts=attempts,
        data=data,
        entered_at=datetime.now(UTC),
        outcome_unknown=outcome_unknown,
        order_id=order.order_id,
        order=order,
        process_version_id=1,
    )


def current_token(node: str, waits: Waits) -> CurrentToken:
    """A token of an order of its own that rests at the node and is due."""
    return CurrentToken(
        token_id=1,
        version=3,
        node=node,
        attempts=0,
        data={},
        order_id=uuid4(),
        process_version_id=1,
        due_at=datetime.now(UTC),
        outcome_unknown=False,
        waits=waits,
    )


class FakeTenants:
    """The platform tenant and those of `codes`."""

    def __init__(self, *codes: str) -> None:
        self.codes = frozenset({PLATFORM_TENANT, *codes})

    def known(self, codes: Iterable[str]) -> frozenset[str]:
        return self.codes & {PLATFORM_TENANT, *codes}


@dataclass(slots=True)
class FakeUnit:
    """Serves `ports.UnitOfWork`: each token with its locked order, and what was written."""

    orders: dict[int, LockedOrder]
    written: list[Changes] = field(default_factory=list)
    messages: "FakeMessages" = field(default_factory=lambda: FakeMessages())

    def locked(self, token: LeasedToken | CurrentToken) -> LockedOrder | None:
        return self.orders.get(token.token_id)

    def write(self, changes: Changes) -> None:
        self.written.append(changes)


@dataclass(slots=True)
class FakeMessages:
    """Serves `send_message.Messages`: rows of messages, and the tokens that wait."""

    waiting: list[CurrentToken] = field(default_factory=list)
    #: Of the orders with the number; None where there is none.
    versions: list[int] | None = None
    rows: dict[int, SentMessage] = field(default_factory=dict)
    taken: dict[int, list[UUID]] = field(default_factory=dict)

    @property
    def kept(self) -> list[EarlyMessage]:
        """Those that nobody has taken."""
        return [EarlyMessage(message_id=each, message=m) for each, m in self.rows.items() if each not in self.taken]

    def listening(self, message: SentMessage) -> list[CurrentToken]:
        assert message.name
        return self.waiting

    def versions_of(self, number: str, seller: str | None) -> list[int] | None:
        assert (number, seller) == ("N", None)
        return self.versions

    def known(self, message: SentMessage) -> Admission | None:
        for each, row in self.rows.items():
            sent = (message.kind, message.name, message.number, message.id)
            if message.id is not None and (row.kind, row.name, row.number, row.id) == sent:
                taken = tuple(self.taken.get(each, ()))
                return Admission(message_id=each, is_duplicate=True, taken_by=taken, expires_at=row.expires_at)
        return None

    def admit(self, message: SentMessage) -> Admission:
        if (known := self.known(message)) is not None:
            return known
        self.rows[len(self.rows) + 1] = message
        return Admission(message_id=len(self.rows), expires_at=message.expires_at)

    def early(self, order_id: UUID, name: str) -> list[EarlyMessage]:
        assert order_id
        return [each for each in self.kept if each.message.name == name]

    def settle(self, message_id: int, taken_by: Sequence[str]) -> None:
        self.taken.setdefault(message_id, []).extend(map(UUID, taken_by))


@dataclass(slots=True)
class FakeRegistrations:
    """Serves `ports.Registrations`."""

    results: list[Registration]
    written: list[Changes] = field(default_factory=list)

    def write(self, changes: Changes) -> None:
        self.written.append(changes)


@dataclass(slots=True)
class FakeStore:
    """Serves `ports.FlowStore`: leases what it was given; keeps what was committed."""

    tokens: list[LeasedToken] = field(default_factory=list)
    current_tokens: list[CurrentToken] = field(default_factory=list)
    #: By the id of the token's row; of a token that commits alone.
    committed: dict[int, Changes] = field(default_factory=dict)
    known: dict[tuple[str, str], UUID] = field(default_factory=dict)
    new_orders: list[NewOrder] = field(default_factory=list)
    registered: list[Changes] = field(default_factory=list)
    refuses: Callable[[Changes], bool] = lambda _: False
    plan: Plan = PLAN
    tenants: tuple[str, ...] = (PLATFORM_TENANT,)
    beside: list[TokenRow] = field(default_factory=list)
    values: Json = field(default_factory=dict)
    order: Order | None = None
    own: Token | None = None
    circuit: CircuitState = CircuitState.CLOSED
    suspended: bool = False
    stale: bool = False
    messages: FakeMessages = field(default_factory=FakeMessages)
    #: PostgreSQL's one connection answers no other query until the unit of work ends.
    is_busy: bool = False

    def startable(self, tenant: str, process: str, version: int | None) -> StartableProcess | None:
        known = tenant in self.tenants and process == self.plan.process and version in (None, 1)
        return StartableProcess(version_id=1, plan=self.plan, zone=business_zone()) if known else None

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]:
        assert not self.is_busy
        return dict.fromkeys(ids, self.plan)

    def current(self, references: Sequence[TokenReference]) -> list[CurrentToken]:
        wanted = {(reference.token_id, reference.version) for reference in references}
        return [token for token in self.current_tokens if (token.token_id, token.version) in wanted]

    def lease(self, server: str, references: Sequence[TokenReference], system: str | None = None) -> LeaseResult:
        circuit = self.circuit if system else CircuitState.CLOSED
        wanted = {reference.token_id for reference in references}
        found = [token for token in self.tokens if token.node == server and token.token_id in wanted]
        return LeaseResult(tokens=[] if circuit is CircuitState.OPEN else found, circuit=circuit)

    @contextmanager
    def unit_of_work(
        self, tokens: Sequence[LeasedToken] | Sequence[CurrentToken], *, with_content: bool = False
    ) -> Iterator[FakeUnit]:
        orders = {} if self.stale else {token.token_id: self._locked(token, with_content) for token in tokens}
        unit = FakeUnit(orders, messages=self.messages)
        self.is_busy = True
        yield unit
        self.is_busy = False
        if any(self.refuses(changes) for changes in unit.written):
            raise UnstorableError("a unique key is taken")
        self.committed |= dict(zip(orders, unit.written, strict=False))

    def _locked(self, token: LeasedToken | CurrentToken, with_content: bool) -> LockedOrder:
        """The order with this token and those of `beside`."""
        waits = token.waits if isinstance(token, CurrentToken) else Waits.SERVICE
        own = self.own or Token(id=1, node=token.node, waits=waits)
        rows = [TokenRow(token_id=token.token_id, version=token.version, token=own), *self.beside]
        return LockedOrder(
            zone=business_zone(),
            order_id=token.order_id,
            rows={row.token.id: row for row in rows},
            values=self.values,
            order=self.order if with_content else None,
            suspended=self.suspended,
        )

    @contextmanager
    def registration(self, new_orders: Sequence[NewOrder]) -> Iterator[FakeRegistrations]:
        self.new_orders += new_orders
        results = []
        for new in new_orders:
            key = (new.order.seller.id, new.order.number)
            first = self.known.setdefault(key, new.order_id)
            status = RegistrationStatus.REGISTERED if first == new.order_id else RegistrationStatus.CONFLICT
            results.append(Registration(order_id=new.order_id, status=status))
        registrations = FakeRegistrations(results)
        yield registrations
        self.registered += registrations.written


@dataclass(slots=True)
class FakeApi:
    """Keeps the calls; fails where told to, by path or by what the body holds."""

    errors: dict[str, MtdError] = field(default_factory=dict)
    calls: list[tuple[str, Json]] = field(default_factory=list)

    def post(self, path: str, body: Json) -> Json:
        self.calls.append((path, body))
        for sign, error in self.errors.items():
            if sign == path or sign in str(body):
                raise error
        return {}


@dataclass(slots=True)
class FakeMachines:
    """Keeps what was started."""

    started: list[tuple[str, str, Json]] = field(default_factory=list)
    unknown: bool = False
    #: Whether a start raises what nobody expects.
    broken: bool = False

    def start(self, name: str, execution: str, body: Json) -> None:
        if self.broken:
            raise KeyError(name)
        if self.unknown:
            raise ProcessError(
                f"there is no state machine {name!r}: deploy it, or bind the task to another server",
                code="nobody_serves",
            )
        self.started.append((name, execution, body))


@dataclass(slots=True)
class FakeObjects:
    """A bucket."""

    content: dict[str, bytes] = field(default_factory=dict)
    versions: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def get(self, bucket: str, key: str, version: str | None = None) -> bytes:
        try:
            return self.versions[key, version] if version else self.content[key]
        except KeyError:
            raise NotFound(f"s3://{bucket}/{key}") from None

    def put(self, bucket: str, key: str, content: bytes, content_type: str) -> None:
        assert bucket
        assert content_type
        self.content[key] = content

    def copy(self, bucket: str, key: str, new_key: str, version: str | None = None) -> None:
        self.content[new_key] = self.get(bucket, key, version)


@dataclass(slots=True)
class FakeQueues:
    """Queues whose received messages stay invisible until deleted or made visible again."""

    queues: dict[str, list[QueueMessage]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    sent: list[tuple[str, str]] = field(default_factory=list)
    fail_sending: bool = False

    def send(self, destination: str, bodies: Sequence[str], delay_seconds: int = 0) -> None:
        if self.fail_sending:
            raise MtdError("no")
        assert delay_seconds >= 0
        self.sent += [(destination, body) for body in bodies]

    def receive(self, destination: str, visibility_seconds: int) -> list[QueueMessage]:
        assert visibility_seconds > 0
        found = [m for m in self.queues.get(destination, []) if m.receipt not in self.hidden][:10]
        self.hidden |= {message.receipt for message in found}
        return found

    def delete(self, destination: str, receipts: Sequence[str]) -> None:
        self.queues[destination] = [m for m in self.queues[destination] if m.receipt not in receipts]

    def change_visibility(self, destination: str, receipts: Sequence[str], seconds: int) -> None:
        assert destination
        if seconds == 0:
            self.hidden -= set(receipts)


@dataclass(slots=True)
class FakeMailer:
    """Keeps the mails; `answers` by address, `sent` otherwise."""

    answers: dict[str, MailResult] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)

    def send(self, mails: Sequence[Mail]) -> list[MailResult]:
        self.mails += mails
        return [self.answers.get(mail.to, MailResult(status="sent", message_id=f"m-{mail.to}")) for mail in mails]
