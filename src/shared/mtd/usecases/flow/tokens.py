"""Tokens and their orders as use cases get them: from a message, under a lease, under a lock."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from uuid import UUID

from mtd.domain.circuit import CircuitState
from mtd.domain.errors import MtdError
from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, Tokens, Waits


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
    #: The numbers of the latest visits of tasks that call a connected system.
    visits: Mapping[str, int] = field(default_factory=dict)

    @property
    def tokens(self) -> dict[int, Token]:
        """The active tokens as the interpreter takes them."""
        return {number: row.token for number, row in self.rows.items()}

    def token_of_row(self, token_id: int) -> Token:
        """The interpreter's token of that row."""
        return next(row.token for row in self.rows.values() if row.token_id == token_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot:
    """An order as it stands, without a lock: its active tokens, and the values that its process keeps."""

    #: By the interpreter's ids of the tokens.
    rows: Mapping[int, TokenRow]
    values: Json

    @property
    def tokens(self) -> dict[int, Token]:
        """The active tokens as the interpreter takes them."""
        return {number: row.token for number, row in self.rows.items()}

    def token_of_row(self, token_id: int) -> Token | None:
        """The interpreter's token of that row; None where it has gone."""
        return next((row.token for row in self.rows.values() if row.token_id == token_id), None)


def rounds[T: (LeasedToken, CurrentToken)](tokens: Iterable[T]) -> list[Sequence[T]]:
    """The tokens in batches with one of each order: two tokens of an order commit one after the other."""
    batches: dict[int, list[T]] = defaultdict(list)
    seen: Counter[UUID] = Counter()
    for token in tokens:
        batches[seen[token.order_id]].append(token)
        seen[token.order_id] += 1
    return list(batches.values())


@dataclass(slots=True)
class VisitCounter:
    """Numbers the visits of tasks that call a connected system, so that each visit has an idempotency key of its own.

    A retry, by itself or by a person, puts the token back with its number: it repeats the call of that visit. An order
    that comes to the task another time makes another call.
    """

    plan: Plan
    #: The order's tokens after the step.
    tokens: Tokens
    #: The order's numbers before the step.
    latest: Mapping[str, int]
    #: The numbers that the step has given, by task and instance.
    new: dict[str, int] = field(default_factory=dict)

    def numbered(self, token: Token) -> Token:
        """The token with its visit, if its task calls a system and it has none yet."""
        if token.waits is not Waits.SERVICE or token.visit is not None or self.plan.nodes[token.node].call is None:
            return token
        instances = self._instances(token)
        place = f"{token.node}[{instances}]" if instances else token.node
        number = self.new.get(place, self.latest.get(place, 0)) + 1
        self.new[place] = number
        return replace(token, visit=f"{instances}.{number}" if instances else str(number))

    def _instances(self, token: Token) -> str:
        """The numbers of the instances that the token is in, the outermost first, as in `0.3`."""
        numbers: list[str] = []
        around: Token | None = token
        while around is not None:
            if around.item is not None:
                numbers.append(str(around.item))
            around = self.tokens.get(around.scope) if around.scope is not None else None
        return ".".join(reversed(numbers))
