"""Tokens and their orders as use cases get them: from a message, under a lease, under a lock."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from uuid import UUID

from mtd.domain.circuit import CircuitState
from mtd.domain.errors import MtdError
from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order
from mtd.engine.model.tokens import Token, Waits


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReference:
    """A token at one version. At another version a message about it is stale, and a statement does nothing."""

    token_id: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentToken:
    """A token whose message is not stale, without its order's content.

    If the token waits for a time, that has come. If it waits for a signal, another order has thrown it. If it waits for
    a message, one may have come before it.
    """

    token_id: int
    version: int
    node: str
    attempts: int
    data: Json
    order_id: UUID
    process_version_id: int
    due_at: datetime
    #: An earlier try was cut off: its effect may have been made.
    outcome_unknown: bool
    waits: Waits = Waits.SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedToken:
    """A token under lease, with its order. Effects work on it."""

    token_id: int
    version: int
    node: str
    #: The number of tries of the effect, this one included.
    attempts: int
    data: Json
    entered_at: datetime
    #: The effect may have been made: an earlier try was cut off, or a person put the order here.
    outcome_unknown: bool
    order_id: UUID
    order: Order
    process_version_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableToken:
    """A leased token whose stored order this code cannot read."""

    token: CurrentToken
    error: MtdError


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseResult:
    """The tokens of a lease; none while the circuit of the state's system is open."""

    tokens: list[LeasedToken] = field(default_factory=list)
    unreadable: list[UnreadableToken] = field(default_factory=list)
    circuit: CircuitState = CircuitState.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """An active token of a locked order, with its row."""

    token_id: int
    version: int
    token: Token
    #: When its timer was set up first.
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOrder:
    """An order under lock for one step: all of its active tokens, and the values that its process keeps."""

    order_id: UUID
    #: By the interpreter's ids of the tokens.
    rows: Mapping[int, TokenRow]
    values: Json
    #: The time zone of its tenant.
    zone: tzinfo
    #: Its content, if the unit of work asked for it and this code can read it.
    order: Order | None = None
    suspended: bool = False

    @property
    def tokens(self) -> dict[int, Token]:
        """The active tokens as the interpreter takes them."""
        return {number: row.token for number, row in self.rows.items()}

    def token_of_row(self, token_id: int) -> Token:
        """The interpreter's token of that row."""
        return next(row.token for row in self.rows.values() if row.token_id == token_id)


def rounds[T: (LeasedToken, CurrentToken)](tokens: Iterable[T]) -> list[Sequence[T]]:
    """The tokens in batches with one of each order: two tokens of an order commit one after the other."""
    batches: dict[int, list[T]] = defaultdict(list)
    seen: Counter[UUID] = Counter()
    for token in tokens:
        batches[seen[token.order_id]].append(token)
        seen[token.order_id] += 1
    return list(batches.values())
