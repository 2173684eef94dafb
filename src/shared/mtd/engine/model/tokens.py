"""The interpreter's input and output: tokens, triggers, changes. All of it becomes JSON and rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class Waits(StrEnum):
    """The thing that a resting token waits for: the caller calls a server, makes a task, keeps a time, or listens."""

    SERVICE = "service"
    PERSON = "person"
    MESSAGE = "message"
    SIGNAL = "signal"
    CONDITION = "condition"
    """Its rule: the interpreter looks after every step whether it holds."""
    TIME = "time"
    JOIN = "join"
    """Other tokens' arrival at its gateway."""
    INSIDE = "inside"
    """The tokens inside its sub-process, its instances, or the events of its gateway."""
    DONE = "done"
    """Nothing: an instance of a multi-instance activity that is done, and keeps its values until all are; or, without
    an `item`, an activity that is done and can be undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A place in a case. Everything but `id` and `node` fits into the `data` of the token's row.

    `id` is unique among the living tokens of its case. `scope` is the token of the sub-process or multi-instance
    activity around it. `host` is set on an armed event: the token at the activity or gateway that it would take.
    `via` is the flow by which it came to a join, `item` its number among the instances of its activity, `size` how
    many instances it has itself, `left` how often an armed cycle may still fire, or how many of its parallel instances
    are not done.

    The list of a multi-instance activity is captured when it starts: `element` is an instance's own, JSON; `elements`
    are those of a sequential activity. `values` are what an instance has left, for rules inside of it alone.

    `visit` says which visit of its task this is, where the task calls a connected system: `1`, `2`, …, and before that
    the number of each instance around, as in `0.3.1`. It survives every retry, so that it names one call.
    """

    id: int
    node: str
    waits: Waits
    scope: int | None = None
    host: int | None = None
    via: str | None = None
    item: int | None = None
    size: int | None = None
    left: int | None = None
    element: Any = None
    elements: tuple[Any, ...] | None = None
    values: Mapping[str, Any] | None = None
    visit: str | None = None


type Tokens = Mapping[int, Token]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted:
    """The work of a token is done: a server answered, a person completed the task. `values` go to the case's data."""

    token: int
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed:
    """The work of a token failed for good, with an error code."""

    token: int
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAccepted:
    """A connected system has taken the work of a token, and tells the answer by a message later."""

    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """The time of a token has come."""

    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """A message came for the case; the first token that waits for its name takes it."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalReceived:
    """A signal was thrown somewhere; every token of the case that waits for its name takes it."""

    signal: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEscalated:
    """A person's task was escalated: its boundary escalation event."""

    token: int


type Trigger = TaskCompleted | TaskFailed | TaskAccepted | TimerFired | MessageReceived | SignalReceived | TaskEscalated


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenChanges:
    """The changes of one trigger.

    `placed` are tokens where they rest now: those whose id was known have moved, the others are new. `consumed` are the
    ids of those that are gone. `visited` are all nodes entered, in order. `values` go to the case's data. `outcome` is
    the end that the case reached when no token is left, else None. `signals` are those that were thrown on the way, for
    other cases to hear; this one has heard them.
    """

    placed: tuple[Token, ...] = ()
    consumed: tuple[int, ...] = ()
    visited: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    outcome: str | None = None
    signals: tuple[str, ...] = ()


def applied(tokens: Tokens, changes: TokenChanges) -> dict[int, Token]:
    """The case's tokens after the changes."""
    kept = {token_id: token for token_id, token in tokens.items() if token_id not in changes.consumed}
    return kept | {token.id: token for token in changes.placed}


_NAMES = tuple(each.name for each in fields(Token))


def token_json(token: Token) -> dict[str, Any]:
    """The token as JSON types; what is None is left out."""
    document = {name: value for name in _NAMES if (value := getattr(token, name)) is not None}
    if token.elements is not None:
        document["elements"] = list(token.elements)
    return document


def token_from_json(document: Mapping[str, Any]) -> Token:
    """The inverse of `token_json`."""
    made = {**document, "waits": Waits(document["waits"])}
    if made.get("elements") is not None:
        made["elements"] = tuple(made["elements"])
    return Token(**made)
