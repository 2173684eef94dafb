"""Decides, under its lock, how an order in flight goes to another version of its process, or back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mtd.domain.errors import Conflict
from mtd.domain.orders.facts import facts
from mtd.engine.model.plan import CANCELLATION, NodeKind, Plan, TaskAssignment
from mtd.engine.model.tokens import Token, Waits
from mtd.engine.rules import timers
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime import interpreter
from mtd.engine.runtime.transfer import NodeMapping, VersionTransfer
from mtd.usecases.flow.apply_trigger import NAMED, NO_PLACES, group_of, server_of, token_place
from mtd.usecases.flow.changes import LONGEST_DELAY_SECONDS, OrderEvent, Wakeup
from mtd.usecases.operations.order_actions import (
    Decision,
    OrderBusy,
    OrderUnderAction,
    OrderUpdate,
    Positions,
    TransferredTask,
    TransferredToken,
)
from mtd.usecases.operations.rollout import Operation

TRANSFER = "migrate"
"""The action of operations that migrate orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTransfer:
    """The transfer of an operation, the same for all of its orders."""

    operation: Operation
    versions: VersionTransfer
    old: Plan
    new: Plan
    old_id: int
    new_id: int


def transfer_of(operation: Operation, plans: Callable[[Sequence[int]], Mapping[int, Plan]]) -> OrderTransfer:
    """The transfer of an operation. Its arguments are the ids of both versions, and the map of nodes."""
    old_id, new_id = operation.arguments["from_id"], operation.arguments["to_id"]
    found = plans([old_id, new_id])
    old, new = found[old_id], found[new_id]
    versions = VersionTransfer(old, new, NodeMapping(nodes=operation.arguments["map"]))
    return OrderTransfer(operation=operation, versions=versions, old=old, new=new, old_id=old_id, new_id=new_id)


def transfer_order(
    transfer: OrderTransfer, order: OrderUnderAction, earlier: Positions | None, function: str
) -> Decision:
    """Decide the transfer. `earlier` are the positions of the transfer that this one reverses.

    Raises Conflict when the order is not in flight on the old version or has moved on since, OrderBusy while a
    function works on it, ProcessError when the new version has no place for it. A rehearsal ignores leases.
    """
    tokens = order.locked.tokens
    before = {str(token.id): token.node for token in tokens.values()}
    _refuse(transfer, order, earlier, before)
    own = {int(token): node for token, node in earlier.before.items()} if earlier else None
    carried = transfer.versions.carry(tokens, own)
    decision = Decision(update=OrderUpdate(order_id=order.locked.order_id, process_version_id=transfer.new_id))
    known = facts(order.order, order.locked.values)
    for token in carried.values():
        inside = known if token.scope is None else interpreter.facts_at(transfer.new, carried, token.scope, known)
        if token.id in tokens:
            _move(transfer, order, decision, tokens[token.id], token, inside)
        else:
            _arm(transfer, order, decision, token, inside)
    for number, row in order.locked.rows.items():
        if number not in carried:
            decision.changes.delete(row)
    decision.positions = Positions(before=before, after={str(token.id): token.node for token in carried.values()})
    if not order.locked.suspended:
        waiting = [token.node for token in carried.values() if token.waits is Waits.SERVICE]
        decision.next_states = tuple(dict.fromkeys(waiting))
    decision.places = _places(carried)
    decision.changes.record(_event(transfer, order, _places(tokens), decision.places, function))
    return decision


def _refuse(
    transfer: OrderTransfer, order: OrderUnderAction, earlier: Positions | None, places: Mapping[str, str]
) -> None:
    if order.outcome is not None:
        raise Conflict(f"the order has ended as {order.outcome}", code="order_ended")
    if order.process_version_id != transfer.old_id:
        raise Conflict("the order is on another version already", code="other_version")
    if any(node == CANCELLATION for node in places.values()):
        raise Conflict("the order is being cancelled", code="being_cancelled")
    if order.incidents:
        reason = "a branch of the order has failed: retry it on the order's version first, then migrate"
        raise Conflict(reason, code="open_incident")
    if earlier is not None and earlier.after != places:
        raise Conflict("the order has moved on since its migration, so it stays on its version", code="moved_on")
    if order.leased and not transfer.operation.dry_run:
        raise OrderBusy("a function works on the order now: try again in a moment")


def _arm(transfer: OrderTransfer, order: OrderUnderAction, decision: Decision, token: Token, known: Facts) -> None:
    """The new token of an event that only the new version arms."""
    place = token_place(transfer.new.nodes[token.node], token, known, order.locked.zone)
    if token.waits is Waits.TIME:
        place = replace(place, due_at=_due_at(transfer, order, token, known))
    decision.changes.insert(order.locked.order_id, token.id, place)


def _move(
    transfer: OrderTransfer,
    order: OrderUnderAction,
    decision: Decision,
    before: Token,
    token: Token,
    known: Facts,
) -> None:
    """Put the token at its new place, and wake it there: its earlier messages are stale."""
    node, row = transfer.new.nodes[token.node], order.locked.rows[token.id]
    timed = token.waits is Waits.TIME and transfer.old.nodes[before.node].time != node.time
    due_at = _due_at(transfer, order, token, known) if timed else None
    server = server_of(node) if node.kind is NodeKind.SERVICE else node.id
    decision.transferred_tokens.append(
        TransferredToken(
            token_id=row.token_id,
            version=row.version,
            node=node.id,
            via=token.via,
            server=server if server != node.id else None,
            message=node.code if token.waits in NAMED else None,
            due_at=due_at,
        )
    )
    if token.waits is Waits.PERSON:
        assignment = node.work or TaskAssignment()
        task = TransferredTask(
            token_id=row.token_id,
            node=node.id,
            name=node.name,
            team=group_of(assignment, known),
            form=assignment.form or None,
        )
        decision.transferred_tasks.append(task)
    seconds = order.due_seconds[row.token_id] if due_at is None else (due_at - datetime.now(UTC)).total_seconds()
    if token.waits is Waits.SERVICE or (token.waits is Waits.TIME and seconds < LONGEST_DELAY_SECONDS):
        delay = min(max(0, int(seconds) + (seconds > 0)), LONGEST_DELAY_SECONDS)
        wakeup = Wakeup(token_id=row.token_id, version=row.version + 1, delay_seconds=delay)
        decision.changes.wakeups.append(wakeup)


def _due_at(transfer: OrderTransfer, order: OrderUnderAction, token: Token, known: Facts) -> datetime:
    """The time of a timer as the new version gives it, from the moment when the token came to its place."""
    since = order.locked.rows[token.id if token.host is None else token.host]
    text, entered = transfer.new.nodes[token.node].time or "", order.entered_at[since.token_id]
    return timers.due_at(text, entered, known, order.locked.zone)


def _places(tokens: Mapping[int, Token]) -> str:
    resting = [token.node for token in tokens.values() if token.host is None and token.waits not in NO_PLACES]
    return ", ".join(dict.fromkeys(resting or [token.node for token in tokens.values()]))


def _event(transfer: OrderTransfer, order: OrderUnderAction, came_from: str, to: str, function: str) -> OrderEvent:
    operation = transfer.operation
    return OrderEvent(
        order_id=order.locked.order_id,
        who=function,
        what=TRANSFER,
        from_state=came_from,
        to_state=to,
        detail={
            "by": operation.person,
            "reason": operation.reason,
            "process": operation.arguments["process"],
            "from_version": operation.arguments["from"],
            "to_version": operation.arguments["to"],
        },
    )
