"""An act of a person on an order, what decides it, and the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mtd.domain.errors import Conflict, InvalidRequest
from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order
from mtd.engine.model.plan import Plan
from mtd.usecases.flow.cases import Changes, LockedOrder

ACTIONS = ("retry", "correct", "move", "skip", "suspend", "resume", "cancel")


class OrderBusy(Conflict):
    """A function works on the order right now: what it does must be known before the order can be put elsewhere."""

    code = "in_work"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAction:
    """What is to be done: `node` is where to move to, `at` which step is meant, `document` the corrected fields."""

    action: str
    person: str
    reason: str
    node: str | None = None
    at: str | None = None
    document: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """An incident that nobody has resolved, with where its order stood."""

    incident_id: int
    state: str
    stood: Json | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnderAction:
    """An order under lock, with all that decides what may be done to it; `leased` are tokens that are in work."""

    held: LockedOrder
    order: Order
    document: Json
    number: str
    revision: int
    outcome: str | None
    leased: frozenset[int]
    due_seconds: Mapping[int, float]
    entered_at: Mapping[int, datetime]
    """When each token came to where it stands, by its row's id; `due_seconds` too."""
    incidents: tuple[OpenIncident, ...]
    plan: Plan
    process_version_id: int


@dataclass(slots=True, kw_only=True)
class Decision:
    """What is written: `row` changes the order itself.

    `rests` are the servers' steps where it is put, `said` tells a person. `migrated` and `carried` are tokens and tasks
    in their new version, `stood` is where a migration has found and left the order's tokens.
    """

    changes: Changes = field(default_factory=Changes)
    row: Json = field(default_factory=dict)
    resolved: list[int] = field(default_factory=list)
    rests: tuple[str, ...] = ()
    said: str = ""
    detail: Json = field(default_factory=dict)
    migrated: list[Json] = field(default_factory=list)
    carried: list[Json] = field(default_factory=list)
    stood: Json | None = None


def read_action(action: str, person: str, reason: str, body: Json) -> OrderAction:
    """What a caller asks for. Raises InvalidRequest where the action lacks what it needs."""
    if action not in ACTIONS:
        raise InvalidRequest(f"action must be one of {', '.join(ACTIONS)}", code="action_unknown")
    node, at, document = body.get("node"), body.get("at"), body.get("document")
    if action == "move" and not (isinstance(node, str) and node):
        raise InvalidRequest("to move an order say to which node", code="node_missing")
    if not (at is None or isinstance(at, str)):
        raise InvalidRequest("at must be the name of a node", code="at_malformed")
    if action == "correct" and not (isinstance(document, dict) and document):
        raise InvalidRequest("document must hold the corrected fields", code="document_missing")
    return OrderAction(
        action=action,
        person=person,
        reason=reason,
        node=node if action == "move" else None,
        at=at or None,
        document=document if action == "correct" else None,
    )
