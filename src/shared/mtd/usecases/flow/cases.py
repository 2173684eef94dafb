"""Orders and their tokens as the use cases take them up, and the rows by which they change them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from mtd.domain.circuit import CircuitState
from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order
from mtd.engine.model.tokens import Token, Waits

LONGEST_DELAY_SECONDS = 900
"""What a queue can delay a message by; a timer that is due later is `watch_deadlines`'s to wake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What a message carries: look at this token, if it still has this version."""

    token_id: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentToken:
    """A fresh token and where it stands; `outcome_unknown` says that its last try was cut off.

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
    outcome_unknown: bool
    waits: Waits = Waits.SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedToken:
    """A token under lease, with its order: what an effect works on.

    `attempts` counts this try. `outcome_unknown` says that the effect may have been made: an earlier try was cut off,
    or a person put the order here.
    """

    token_id: int
    version: int
    node: str
    attempts: int
    data: Json
    entered_at: datetime
    outcome_unknown: bool
    order_id: UUID
    order: Order
    process_version_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseResult:
    """What a lease brought; nothing while the circuit of the state's system is open."""

    cases: list[LeasedToken]
    circuit: CircuitState = CircuitState.CLOSED


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
    parks: list[Json] = field(default_factory=list)
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
class TokenRow:
    """A living token of an order, as its row holds it."""

    token_id: int
    version: int
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOrder:
    """An order under lock for one step: all of its living tokens, and the values that its process keeps.

    `order` is there where it was asked for.
    """

    order_id: UUID
    standing: Mapping[int, TokenRow]
    """By the interpreter's id of the token."""
    values: Json
    order: Order | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectResult:
    """What an effect brought: detail for the event, and rows to write with it."""

    detail: Json = field(default_factory=dict)
    hops: tuple[Json, ...] = ()
    document: Json | None = None
    total: str | None = None
    mails: tuple[str, ...] = ()
    incident: Json | None = None
    outcome_reason: str | None = None


type Effect = Callable[[LeasedToken], EffectResult]
"""A state's work on one order. Raises BusinessError when refused for good, RetryableError when it may work later."""
