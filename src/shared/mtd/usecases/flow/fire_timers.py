"""Fires timers whose time has come, signals that other orders threw, and messages that came early: each moves its
order on.

A second fire finds the token gone and does nothing.
"""

import logging
from collections.abc import Mapping, Sequence

from mtd.domain.errors import ProcessError, UnstorableError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import MessageReceived, SignalReceived, TimerFired, Waits
from mtd.usecases.flow.apply_trigger import apply_trigger
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.failures import fail_order, process_error, snapshot_of_all
from mtd.usecases.flow.tokens import CurrentToken, LockedOrder, rounds
from mtd.usecases.flow.trace import Hop
from mtd.usecases.messages.message import SentMessage
from mtd.usecases.ports import FlowStore, UnitOfWork

LOG = logging.getLogger(__name__)


def fire_timers(
    tokens: Sequence[CurrentToken], plans: Mapping[int, Plan], store: FlowStore, who: str, hops: Sequence[Hop]
) -> None:
    """Fire all of them in one commit. An order that cannot go on becomes an exception, and the others go on.

    If PostgreSQL refuses the commit for good, each order gets one of its own, and one that is refused again fails.
    """
    for batch in rounds(tokens):
        try:
            _fire_together(batch, plans, store, who, hops)
        except UnstorableError:
            LOG.exception("timers refused", extra={"tokens": len(batch)})
            for token in batch:
                _fire_alone(token, plans, store, who, hops)


def _fire_together(
    batch: Sequence[CurrentToken], plans: Mapping[int, Plan], store: FlowStore, who: str, hops: Sequence[Hop]
) -> None:
    with store.unit_of_work(batch, with_content=True) as unit:
        for token in batch:
            locked = unit.locked(token)
            if locked is not None and not locked.suspended:
                plan, detail = plans.get(token.process_version_id), {"hops": list(hops)}
                early = _early(unit, token, locked, plan) if token.waits is Waits.MESSAGE else None
                if token.waits is not Waits.MESSAGE or early is not None:
                    unit.write(_fire(token, locked, plan, who, detail, early))


def _fire_alone(
    token: CurrentToken, plans: Mapping[int, Plan], store: FlowStore, who: str, hops: Sequence[Hop]
) -> None:
    try:
        _fire_together([token], plans, store, who, hops)
    except UnstorableError as refusal:
        with store.unit_of_work([token]) as unit:
            if (locked := unit.locked(token)) is not None:
                detail: Json = {"hops": list(hops)}
                unit.write(fail_order(token, refusal, snapshot=snapshot_of_all(locked), who=who, detail=detail))


def _early(unit: UnitOfWork, token: CurrentToken, locked: LockedOrder, plan: Plan | None) -> SentMessage | None:
    """The message that came early and that the order may take; None when another step has taken it."""
    node = plan.nodes.get(token.node) if plan is not None else None
    if node is None or locked.order is None:
        return None
    for kept in unit.messages.early(token.order_id, node.code or ""):
        if kept.message.fits(locked.order, locked.values):
            unit.messages.settle(kept.message_id, [str(token.order_id)])
            return kept.message
    return None


def _fire(
    token: CurrentToken, locked: LockedOrder, plan: Plan | None, who: str, detail: Json, early: SentMessage | None
) -> Changes:
    try:
        if plan is None:
            raise ProcessError(f"process version {token.process_version_id} does not exist", code="no_such_process")
        node = plan.nodes[token.node]
        if token.waits is Waits.SIGNAL:
            heard = SignalReceived(signal=node.code or "")
            return apply_trigger(plan, locked, heard, token.node, who, "signal received", detail)
        if early is not None:
            received = MessageReceived(message=early.name, values=early.values)
            matched = {**detail, "message": early.name, **({"id": early.id} if early.id else {})}
            return apply_trigger(plan, locked, received, token.node, who, "message received", matched)
        trigger = TimerFired(token=locked.token_of_row(token.token_id).id)
        late: Json = {
            "failed": node.attached_to or node.id,
            "kind": "late",
            "code": "too_late",
            "message": f"{node.name}: {node.time}",
            "attempts": token.attempts,
        }
        return apply_trigger(plan, locked, trigger, token.node, who, "time has come", detail, late)
    except Exception as error:
        LOG.exception("the process cannot go on", extra={"order_id": str(token.order_id), "state": token.node})
        return fail_order(token, process_error(error), snapshot=snapshot_of_all(locked), who=who, detail=detail)
