"""A message or signal from outside, and which orders may take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from mtd.domain.errors import InvalidRequest, ProcessError
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import NAMES, facts
from mtd.domain.orders.order import Order
from mtd.engine.model.plan import EventType, NodeKind, Plan
from mtd.engine.rules import evaluator, parser, timers, types

LONGEST_WAIT = timedelta(days=90)


class MessageKind(StrEnum):
    """The sorts of what is sent."""

    MESSAGE = "message"
    """For one step of an order: the first that waits for it takes it. It may come early, and waits then."""
    SIGNAL = "signal"
    """For whatever waits for it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message or signal as it was sent."""

    kind: MessageKind
    name: str
    values: Json = field(default_factory=dict)
    #: The sender's id: the same one twice is one.
    id: str | None = None
    #: The order's number; None where the rule alone finds the orders.
    number: str | None = None
    seller: str | None = None
    #: Holds for the orders that may take it.
    rule: str | None = None
    #: Until when an early message waits, and its id is recognised.
    expires_at: datetime

    def fits(self, order: Order, values: Mapping[str, Any]) -> bool:
        """Whether the order, with the values that its process keeps, may take it. Without an answer it may not."""
        if self.rule is None:
            return True
        try:
            return evaluator.holds(parser.parse(self.rule), {**facts(order, values), "message": self.values})
        except ProcessError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyMessage:
    """A message that came before the order waited for it."""

    message_id: int
    message: SentMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The row of a message."""

    message_id: int
    #: Whether a message of that id came before.
    is_duplicate: bool = False
    #: The orders that have taken it.
    taken_by: tuple[UUID, ...] = ()
    expires_at: datetime


def expiry(lifetime: str) -> datetime:
    """The end of an ISO 8601 duration that begins now. Raises InvalidRequest unless that is within 90 days."""
    now = datetime.now(UTC)
    try:
        until = timers.due_at(lifetime, now, {}) if lifetime.startswith("P") else now
    except ProcessError:
        until = now
    if not now < until <= now + LONGEST_WAIT:
        raise InvalidRequest("ttl must be an ISO 8601 duration of at most P90D, such as P1D", code="ttl_malformed")
    return until


def checked_rule(text: str) -> str:
    """The text of a rule that asks the order, its data and the message. Raises InvalidRequest."""
    try:
        found = types.check(parser.parse(text), {**NAMES, "message": "any"})
    except ProcessError as error:
        raise InvalidRequest(f"when is no rule: {error}", code="rule_malformed") from None
    if found not in ("bool", "any"):
        raise InvalidRequest("when must be a rule that gives true or false", code="rule_malformed")
    return text


def waits_for(plan: Plan, message: str) -> bool:
    """Whether anything in the process waits for the message."""
    return any(
        node.code == message
        and (node.kind is NodeKind.MESSAGE or node.trigger is EventType.MESSAGE or node.call is not None)
        for node in plan.nodes.values()
        if node.kind is not NodeKind.START
    )
