"""The types of people's actions: the action, the order under its lock, and the decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mtd.domain.errors import Conflict, InvalidRequest
from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Waits
from mtd.usecases.flow.changes import Changes, Row
from mtd.usecases.flow.tokens import LockedOrder

ACTIONS = ("retry", "correct", "move", "skip", "suspend", "resume", "cancel")


class OrderBusy(Conflict):
    """A function works on the order now. The order can move only when that function has committed."""

    code = "in_work"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAction:
    """A person's action on an order."""

    #: One of `ACTIONS`.
    action: str
    person: str
    reason: str
    #: Of `move`: the step to move to.
    node: str | None = None
    #: The step that is meant, where the order is at several.
    at: str | None = None
    #: Of `correct`: the corrected fields.
    document: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """An incident that nobody has resolved, with the snapshot of its order's tokens."""

    incident_id: int
    state: str
    snapshot: Json | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnderAction:
    """An order under lock, with all that a decision on an action needs."""

    locked: LockedOrder
    order: Order
    document: Json
    number: str
    revision: int
    outcome: str | None
    #: The rows of tokens that a function works on.
    leased: frozenset[int]
    #: Seconds until each token is due, by its row's id.
    due_seconds: Mapping[int, float]
    #: When each token came to its place, by its row's id.
    entered_at: Mapping[int, datetime]
    incidents: tuple[OpenIncident, ...]
    plan: Plan
    process_version_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The corrected content of an order, with its new total."""

    order: Order
    document: Json
    total: Decimal | None


@dataclass(slots=True, kw_only=True)
class OrderUpdate:
    """The changes of the order's own row. A None changes nothing."""

    order_id: UUID
    #: Takes away the end that the order has reached.
    reopens: bool = False
    suspends: bool | None = None
    process_version_id: int | None = None
    correction: Correction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredToken:
    """A token at its place in another version of its process; its version rises by one."""

    token_id: int
    version: int
    node: str
    via: str | None
    server: str | None
    message: str | None
    #: None keeps the token's time.
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredTask:
    """The open task of a token in another version of its process."""

    token_id: int
    node: str
    name: str
    team: str
    form: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """The nodes of an order's tokens before and after a transfer, by the interpreter's ids as texts of JSON."""

    before: Mapping[str, str]
    after: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Decision:
    """The writes for one order."""

    update: OrderUpdate
    changes: Changes = field(default_factory=Changes)
    resolved_incidents: list[int] = field(default_factory=list)
    #: The states whose servers take the order's tokens next.
    next_states: tuple[str, ...] = ()
    #: The order's new places, in words for a person.
    places: str = ""
    detail: Json = field(default_factory=dict)
    transferred_tokens: list[TransferredToken] = field(default_factory=list)
    transferred_tasks: list[TransferredTask] = field(default_factory=list)
    positions: Positions | None = None


_PASSED_OVER_SECONDS = 2
"""`route_order` may come this much before a token is due."""


def wake_passed_over(order: OrderUnderAction, decision: Decision | None, changes: Changes) -> None:
    """Wake due tokens that do not change: `route_order` may have skipped them while the order was locked."""
    suspended, touched = order.locked.suspended, set[int]()
    if decision is not None:
        made = decision.changes
        changed: list[Row] = [*made.moved_tokens, *made.deleted_tokens, *made.retried_tokens]
        touched = {row.token_id for row in (*changed, *decision.transferred_tokens)}
        suspended = decision.update.suspends if decision.update.suspends is not None else suspended
    if suspended:
        return
    for row in order.locked.rows.values():
        due = row.token.waits is Waits.SERVICE and order.due_seconds[row.token_id] <= _PASSED_OVER_SECONDS
        if due and row.token_id not in order.leased and row.token_id not in touched:
            changes.wake(row, 0)


def read_action(action: str, person: str, reason: str, body: Json) -> OrderAction:
    """The action of a request. Raises InvalidRequest for an action without the fields that it needs."""
    if action not in ACTIONS:
        raise InvalidRequest(f"action must be one of {', '.join(ACTIONS)}", code="action_unknown")
    node, at, document = body.get("node"), body.get("at"), body.get("document")
    if action == "move" and not (isinstance(node, str) and node):
        raise InvalidRequest("the action move needs node, the step to move to", code="node_missing")
    if not (at is None or isinstance(at, str)):
        raise InvalidRequest("at must be the name of a step", code="at_malformed")
    if action == "correct" and not (isinstance(document, dict) and document):
        raise InvalidRequest(
            "the action correct needs document, an object with the corrected fields", code="document_missing"
        )
    return OrderAction(
        action=action,
        person=person,
        reason=reason,
        node=node if action == "move" else None,
        at=at or None,
        document=document if action == "correct" else None,
    )
