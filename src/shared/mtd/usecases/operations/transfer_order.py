"""An order in flight goes over to another version of its process, or back. Decided under its lock, as any act is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mtd.domain.errors import Conflict
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.engine.model.plan import CANCELLATION, NodeKind, Plan, TaskAssignment
from mtd.engine.model.tokens import Token, Waits
from mtd.engine.rules import timers
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime import interpreter
from mtd.engine.runtime.transfer import NodeMapping, VersionTransfer
from mtd.usecases.flow.apply_trigger import active_tokens, server_of, token_row
from mtd.usecases.flow.cases import LONGEST_DELAY_SECONDS
from mtd.usecases.operations.order_actions import Decision, OrderBusy, OrderUnderAction
from mtd.usecases.operations.rollout import Operation

TRANSFER = "migrate"
"""The action of operations that migrate orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTransfer:
    """What all orders of one operation have in common. A rehearsal does not wait for who works on an order."""

    operation: Operation
    migration: VersionTransfer
    old: Plan
    new: Plan
    old_id: int
    new_id: int


def transfer_of(operation: Operation, plans: Callable[[Sequence[int]], Mapping[int, Plan]]) -> OrderTransfer:
    """By the operation's arguments: the ids of both versions, and the map of nodes."""
    old_id, new_id = operation.arguments["from_id"], operation.arguments["to_id"]
    found = plans([old_id, new_id])
    old, new = found[old_id], found[new_id]
    migration = VersionTransfer(old, new, NodeMapping(nodes=operation.arguments["map"]))
    return OrderTransfer(operation=operation, migration=migration, old=old, new=new, old_id=old_id, new_id=new_id)


def transfer_order(moving: OrderTransfer, operated: OrderUnderAction, stood: Json | None, function: str) -> Decision:
    """Decide. `stood` is given to reverse a migration: where it found and left the order.

    Raises Conflict where the order is not in flight on the old version or has moved on since, InWork while a function
    works on it, ProcessError where the new version has no place for it.
    """
    tokens = active_tokens(operated.held)
    _refuse(moving, operated, stood, {str(token.id): token.node for token in tokens.values()})
    before = {int(token): node for token, node in stood["before"].items()} if stood else None
    carried = moving.migration.carry(tokens, before)
    verdict = Decision(row={"order_id": str(operated.held.order_id), "process_version_id": moving.new_id})
    known = facts(operated.order, operated.held.values)
    for token in carried.values():
        inside = known if token.scope is None else interpreter.facts_at(moving.new, carried, token.scope, known)
        _write(moving, operated, verdict, tokens.get(token.id), token, inside)
    gone = [each for number, each in operated.held.standing.items() if number not in carried]
    verdict.changes.ends += [{"token_id": each.token_id, "version": each.version} for each in gone]
    verdict.stood = {
        "before": {str(token.id): token.node for token in tokens.values()},
        "after": {str(token.id): token.node for token in carried.values()},
    }
    if not operated.held.suspended:
        verdict.rests = tuple(dict.fromkeys(token.node for token in carried.values() if token.waits is Waits.SERVICE))
    verdict.said = _places(carried)
    verdict.changes.events.append(_event(moving, operated, _places(tokens), verdict.said, function))
    return verdict


def _refuse(moving: OrderTransfer, operated: OrderUnderAction, stood: Json | None, places: Mapping[str, str]) -> None:
    if operated.outcome is not None:
        raise Conflict(f"the order has ended as {operated.outcome}", code="order_ended")
    if operated.process_version_id != moving.old_id:
        raise Conflict("the order is on another version by now", code="other_version")
    if any(node == CANCELLATION for node in places.values()):
        raise Conflict("the order is being cancelled", code="being_cancelled")
    if operated.incidents:
        raise Conflict("a branch of the order has failed: retry that first, on the version it failed on",
                       code="open_incident")  # fmt: skip
    if stood is not None and stood["after"] != places:
        raise Conflict("the order has moved on since it was migrated", code="moved_on")
    if operated.leased and not moving.operation.dry_run:
        raise OrderBusy("a function works on the order right now: try again in a moment")


def _write(
    moving: OrderTransfer,
    operated: OrderUnderAction,
    verdict: Decision,
    before: Token | None,
    token: Token,
    known: Facts,
) -> None:
    """The row of a token, and what it takes for somebody to look at it in time: its messages are of no use any more."""
    node = moving.new.nodes[token.node]
    due_at = None
    if token.waits is Waits.TIME and (before is None or moving.old.nodes[before.node].time != node.time):
        # From when the order came there, or to what the event is armed on, as if it had been of this version then.
        since = operated.held.standing[token.id if token.host is None else token.host]
        due_at = timers.due_at(node.time or "", operated.entered_at[since.token_id], known)
    if before is None:
        row = token_row(node, token, known, None)
        if due_at is not None:
            row["due_at"] = due_at.isoformat()
        verdict.changes.tokens.append({"order_id": verdict.row["order_id"], "ordinal": token.id, **row})
        return
    stands = operated.held.standing[token.id]
    server = server_of(node) if node.kind is NodeKind.SERVICE else node.id
    verdict.migrated.append(
        {
            "token_id": stands.token_id, "version": stands.version, "node": node.id, "via": token.via,
            "server": server if server != node.id else None, "due_at": due_at and due_at.isoformat(),
            "message": node.code if token.waits is Waits.MESSAGE else None,
        }
    )  # fmt: skip
    if token.waits is Waits.PERSON:
        work = node.work or TaskAssignment()
        verdict.carried.append(
            {"token_id": stands.token_id, "node": node.id, "name": node.name, "team": work.group,
             "form": work.form or None}
        )  # fmt: skip
    now = datetime.now(UTC)
    seconds = operated.due_seconds[stands.token_id] if due_at is None else (due_at - now).total_seconds()
    if token.waits is Waits.SERVICE or (token.waits is Waits.TIME and seconds < LONGEST_DELAY_SECONDS):
        delay = min(max(0, int(seconds) + (seconds > 0)), LONGEST_DELAY_SECONDS)
        look: Json = {"token_id": stands.token_id, "version": stands.version + 1, "delay_seconds": delay}
        verdict.changes.looks.append(look)


def _places(tokens: Mapping[int, Token]) -> str:
    resting = [token.node for token in tokens.values() if token.host is None and token.waits is not Waits.INSIDE]
    return ", ".join(dict.fromkeys(resting or [token.node for token in tokens.values()]))


def _event(moving: OrderTransfer, operated: OrderUnderAction, came_from: str, to: str, function: str) -> Json:
    operation = moving.operation
    return {
        "order_id": str(operated.held.order_id),
        "who": function,
        "source": "PostgreSQL",
        "what": TRANSFER,
        "from_state": came_from,
        "to_state": to,
        "detail": {
            "by": operation.person,
            "reason": operation.reason,
            "process": operation.arguments["process"],
            "from_version": operation.arguments["from"],
            "to_version": operation.arguments["to"],
        },
    }
