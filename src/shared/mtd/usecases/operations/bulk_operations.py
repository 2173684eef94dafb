"""An action on many orders. MTD freezes the selection to exact orders, then works it off slice by slice.

Every slice is one transaction with the results of its orders; a message asks for the next slice. A crash loses nothing:
`relay_outbox` finds an operation that no function works on.
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from mtd.domain.errors import MtdError, NotFound, UnstorableError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.usecases.flow.changes import Changes
from mtd.usecases.operations.correct_order import LegacySystems, effects_made
from mtd.usecases.operations.operate_order import operate_order
from mtd.usecases.operations.order_actions import (
    Decision,
    OrderBusy,
    OrderUnderAction,
    Positions,
    read_action,
    wake_passed_over,
)
from mtd.usecases.operations.rollout import Operation, Progress, canary_is_watched, slice_size, too_many_errors
from mtd.usecases.operations.transfer_order import TRANSFER, transfer_of, transfer_order

LOG = logging.getLogger(__name__)

MOST_ORDERS = 100_000
_CANARY_LOOK_SECONDS, _CANARY_PATIENCE_SECONDS = 3, 900
_IN_WORK_SECONDS, _IN_WORK_TRIES = 2, 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The conditions that selected orders meet, all of them. A None is no condition."""

    numbers: tuple[str, ...] | None = None
    order_ids: tuple[str, ...] | None = None
    seller: str | None = None
    #: Orders with an open incident of this fingerprint.
    fingerprint: str | None = None
    #: A state that the orders are in, or an end that they have reached.
    state: str | None = None
    #: Alone: the orders in flight on the version of a process that has this id.
    version: int | None = None
    #: Alone: the orders that this operation has migrated.
    migrated_by: int | None = None
    #: The orders for which that dry run said `done`, each at the revision that it has tried.
    tried: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOperation:
    """An operation that a person asks for."""

    action: str
    person: str
    reason: str
    selection: Selection
    arguments: Json = field(default_factory=dict)
    dry_run: bool = False
    #: The number of orders that go first.
    canary: int | None = None
    #: Orders a second, at most.
    rate: float | None = None
    #: The share of errors, from 0 to 1, above which the operation stops by itself.
    stop_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationItem:
    """One order of an operation."""

    position: int
    order_id: UUID
    number: str
    #: The order's revision when MTD froze the selection.
    revision: int
    tries: int
    #: Of a reversal: the order's tokens before and after the transfer.
    positions: Positions | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """The result of one order."""

    #: `pending` when it is to be tried again, `done` with its decision, or `refused`.
    status: str
    code: str | None = None
    message: str | None = None
    decision: Decision | None = None


ARCHIVED = ItemResult(
    status="refused", code="order_archived", message="the order is in the archive, so it cannot change any more"
)
"""The result of an order whose document is in the archive."""


class OrdersUnderAction(Protocol):
    """The orders of some items under lock. The end of the block commits the writes with their messages.

    Raises UnstorableError there, with nothing written, when PostgreSQL refuses one of them.
    """

    def order(self, item: OperationItem) -> OrderUnderAction | None:
        """None when the order is in the archive."""
        ...

    def write(self, decision: Decision) -> None: ...

    def wake(self, changes: Changes) -> None:
        """Send the messages of changes that have nothing else."""
        ...

    def finish(self, item: OperationItem, result: ItemResult) -> None: ...


class Operations(Protocol):
    """The operations of PostgreSQL; each method is one transaction."""

    def create(self, new: NewOperation, most: int) -> tuple[int, list[tuple[str, str]]]:
        """Freeze the selection. Returns the operation's id, and number and id of each order.

        Raises NotFound, and writes nothing, when it selects no order or lacks an order that is named.
        """
        ...

    def lease(self, operation_id: int) -> Operation | None:
        """Lease the operation. Returns None when it is not running, not due yet, or under another lease."""
        ...

    def pending(self, operation_id: int, limit: int) -> list[OperationItem]: ...

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]: ...

    def orders_under_action(
        self, operation: Operation, items: Sequence[OperationItem]
    ) -> AbstractContextManager[OrdersUnderAction]:
        """Lock the items' orders in one transaction."""
        ...

    def progress(self, operation: Operation) -> Progress: ...

    def release(self, operation_id: int, *, status: str, why: str | None, delay_seconds: int) -> None:
        """End the lease. If the operation is still running, a message asks for the next slice after the delay."""
        ...

    def stop(self, operation_id: int, person: str) -> bool:
        """Stop the operation after its present slice. Returns whether it was running."""
        ...


def work_off(operation_id: int, operations: Operations, systems: LegacySystems, function: str) -> bool:
    """Work off one slice of the operation. Returns False when the caller did not get the lease."""
    operation = operations.lease(operation_id)
    if operation is None:
        return False
    progress = operations.progress(operation)
    if (why := too_many_errors(operation, progress)) is not None:
        operations.release(operation_id, status="stopped", why=why, delay_seconds=0)
        return True
    if canary_is_watched(operation, progress):
        if progress.quiet_seconds > _CANARY_PATIENCE_SECONDS:
            why = f"the canary's orders have not moved for {_CANARY_PATIENCE_SECONDS} s"
            operations.release(operation_id, status="stopped", why=why, delay_seconds=0)
        else:
            operations.release(operation_id, status="running", why=None, delay_seconds=_CANARY_LOOK_SECONDS)
        return True
    items = operations.pending(operation_id, slice_size(operation, progress))
    if items:
        _work_on(operation, items, operations, systems, function)
    after = operations.progress(operation)
    _give_back(operation, items, after, operations)
    return True


def _give_back(operation: Operation, items: Sequence[OperationItem], after: Progress, operations: Operations) -> None:
    why = too_many_errors(operation, after)
    if after.pending and why is None:
        worked = max(1, len(items))
        delay = math.ceil(worked / operation.rate) if operation.rate else 0
        delay = max(delay, _IN_WORK_SECONDS if any(item.tries for item in items) else 0)
        operations.release(operation.operation_id, status="running", why=None, delay_seconds=min(delay, 900))
    elif after.pending:
        operations.release(operation.operation_id, status="stopped", why=why, delay_seconds=0)
    else:
        operations.release(operation.operation_id, status="finished", why=None, delay_seconds=0)


type _Decide = Callable[[OperationItem, OrderUnderAction], Decision]


def _work_on(
    operation: Operation,
    items: Sequence[OperationItem],
    operations: Operations,
    systems: LegacySystems,
    function: str,
) -> None:
    """Work on the items in one commit. If PostgreSQL refuses that for good, commit each item alone."""
    refusals: dict[UUID, MtdError] = {}
    if operation.action == TRANSFER:
        decide = _transferring(operation, operations, function)
    else:
        decide = _acting(operation, items, systems, function, refusals)
    try:
        _commit(operation, items, operations, decide, refusals)
        return
    except UnstorableError:
        LOG.exception("operation refused", extra={"operation_id": operation.operation_id, "orders": len(items)})
    for item in items:
        try:
            _commit(operation, [item], operations, decide, refusals)
        except UnstorableError as error:
            _commit(operation, [item], operations, decide, {item.order_id: error})


def _commit(
    operation: Operation,
    items: Sequence[OperationItem],
    operations: Operations,
    decide: _Decide,
    refusals: Mapping[UUID, MtdError],
) -> None:
    with operations.orders_under_action(operation, items) as unit:
        for item in items:
            order = unit.order(item)
            result = ARCHIVED if order is None else _result(operation, item, order, decide, refusals)
            done = None if operation.dry_run else result.decision
            if done is not None:
                unit.write(done)
            if order is not None:
                wakeups = Changes()
                wake_passed_over(order, done, wakeups)
                unit.wake(wakeups)
            unit.finish(item, result)


def _result(
    operation: Operation,
    item: OperationItem,
    order: OrderUnderAction,
    decide: _Decide,
    refusals: Mapping[UUID, MtdError],
) -> ItemResult:
    try:
        if (refusal := refusals.get(item.order_id)) is not None:
            raise refusal
        decision = decide(item, order)
    except OrderBusy as busy:
        again = item.tries < _IN_WORK_TRIES and not operation.dry_run
        return ItemResult(status="pending" if again else "refused", code=busy.code, message=str(busy))
    except MtdError as error:
        return ItemResult(status="refused", code=error.code, message=str(error)[:500])
    except Exception as unknown:
        # An order that cannot be decided must not keep the others of its slice waiting.
        LOG.exception("order not decided", extra={"order_id": str(item.order_id), "action": operation.action})
        return ItemResult(status="refused", code="unexpected", message=f"{type(unknown).__name__}: {unknown}"[:500])
    decision.changes.events = [
        replace(event, detail={**event.detail, "operation": operation.operation_id})
        for event in decision.changes.events
    ]
    would = "would be " if operation.dry_run else ""
    message = f"{would}{_DONE[operation.action]}: {decision.places}"
    return ItemResult(status="done", message=message, decision=decision)


def _transferring(operation: Operation, operations: Operations, function: str) -> _Decide:
    transfer = transfer_of(operation, operations.plans)
    return lambda item, order: transfer_order(transfer, order, item.positions, function)


def _acting(
    operation: Operation,
    items: Sequence[OperationItem],
    systems: LegacySystems,
    function: str,
    refusals: dict[UUID, MtdError],
) -> _Decide:
    action = read_action(operation.action, operation.person, operation.reason, operation.arguments)
    made: dict[UUID, frozenset[str]] = {}
    if action.action == "correct":
        for item in items:
            try:
                made[item.order_id] = effects_made(systems, item.order_id)
            except MtdError as error:
                refusals[item.order_id] = error
    return lambda item, order: operate_order(
        action, order, item.revision, made.get(item.order_id, frozenset()), function
    )


_DONE: Mapping[str, str] = {
    "retry": "retried",
    "correct": "corrected",
    "move": "moved",
    "skip": "skipped",
    "suspend": "suspended",
    "resume": "resumed",
    "cancel": "cancelled",
    TRANSFER: "migrated",
}


def selection_problem(new: NewOperation, selected: Sequence[tuple[str, str]]) -> NotFound | None:
    """The error of a selection that is empty or lacks an order that was named; else None."""
    numbers, ids = {number for number, _ in selected}, {order_id for _, order_id in selected}
    unknown = [number for number in new.selection.numbers or () if number not in numbers]
    unknown += [order_id for order_id in new.selection.order_ids or () if order_id not in ids]
    if unknown:
        return NotFound(f"there is no order {', '.join(unknown[:10])}", code="order_unknown")
    return None if selected else NotFound("no order fits the selection: widen it", code="nothing_selected")
