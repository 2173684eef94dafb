"""POST /orders: a batch of orders becomes rows, tokens and the first transitions, in one commit."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from mtd.domain.errors import BusinessError, ConfigurationError, InvalidRequest, ProcessError
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.domain.orders.order import Order
from mtd.domain.orders.totals import amounts
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.engine.model.tokens import TokenChanges
from mtd.engine.runtime import interpreter
from mtd.usecases.flow.apply_trigger import resting_place, write_step
from mtd.usecases.flow.changes import Changes, OrderEvent
from mtd.usecases.flow.failures import fail_registration, place_of
from mtd.usecases.flow.trace import Hop, hop
from mtd.usecases.intake.new_orders import NewOrder, Registration, RegistrationStatus, StartableProcess
from mtd.usecases.ports import Registrar

LOG = logging.getLogger(__name__)

PROCESS = "purchase-order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An order as it arrived."""

    order: Order
    #: The order as JSON.
    document: Json
    #: The address of its file, or `api`.
    source: str
    #: Its stations so far.
    hops: tuple[Hop, ...]
    tenant: str = PLATFORM_TENANT
    process: str = PROCESS
    #: None asks for the active version of the process.
    version: int | None = None
    #: The start event at which it begins; None for that of the plan.
    start: str | None = None


def register_orders(
    incoming: Sequence[Incoming], registrar: Registrar, function: str, request_id: str, hops: Sequence[Hop]
) -> list[Json]:
    """Register each order once. Returns the status of each, in the given sequence.

    Within a tenant an order with the same seller, number and content is a `duplicate`. An order with the same number
    and other content is registered beside the first as an exception (`conflict`). An order whose process cannot go on
    from its start is registered as an exception, and the others go on. Raises InvalidRequest for a process on which no
    order can start, or a start event that it does not have.
    """
    plans = {asked: _plan(registrar, *asked) for asked in {_asked(item) for item in incoming}}
    here = [*hops, hop("Lambda", function, request_id=request_id)]
    started = [_start(item, plans[_asked(item)], function, request_id, here) for item in incoming]
    unique = {each.new.order_id: each for each in started}
    statuses: dict[UUID, RegistrationStatus] = {}
    with registrar.registration([each.new for each in unique.values()]) as registrations:
        for result in registrations.results:
            each = unique[result.order_id]
            statuses[result.order_id] = result.status
            if result.status is RegistrationStatus.REGISTERED:
                registrations.write(each.changes)
            registrations.write(Changes(events=[_event_of(each.event, result)]))
    return [
        {
            "number": each.new.order.number,
            "order_id": str(each.new.order_id),
            "status": statuses[each.new.order_id].value,
        }
        for each in started
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Started:
    """The changes of a new order: its process's first step, and the event of its registration."""

    new: NewOrder
    changes: Changes
    event: OrderEvent


def _event_of(event: OrderEvent, result: Registration) -> OrderEvent:
    match result.status:
        case RegistrationStatus.REGISTERED:
            return event
        case RegistrationStatus.DUPLICATE:
            return replace(event, what="received again: the same content, ignored", to_state=None)
        case RegistrationStatus.CONFLICT:
            what = f"conflict: the number is taken by order {result.with_order}"
            return replace(event, what=what, to_state="exception")


def _asked(item: Incoming) -> tuple[str, str, int | None]:
    return item.tenant, item.process, item.version


def _plan(registrar: Registrar, tenant: str, process: str, version: int | None) -> StartableProcess:
    found = registrar.startable(tenant, process, version)
    if found is None and tenant == PLATFORM_TENANT and process == PROCESS and version is None:
        raise ConfigurationError(f"process {process!r} has no active version: run migrate_database")
    if found is None:
        named = process if version is None else f"{process} version {version}"
        whose = "" if tenant == PLATFORM_TENANT else f" of tenant {tenant}"
        raise InvalidRequest(
            f"no order{whose} can start on {named}: it does not exist, or is retired or not active", code="no_process"
        )
    return found


def _start(item: Incoming, process: StartableProcess, function: str, request_id: str, hops: list[Hop]) -> _Started:
    order, plan = item.order, process.plan
    order_id = order.id_of(item.tenant)
    if item.start is not None and item.start not in (plan.start, *plan.starts):
        raise InvalidRequest(
            f"process {plan.process!r} has no start event {item.start!r}: it has {', '.join(plan.starts)}",
            code="no_such_start",
        )
    detail: Json = {"source": item.source, "hops": [*item.hops, *hops]}
    step, changes, reason = _first_step(item, process, order_id, detail)
    new = NewOrder(
        order_id=order_id,
        tenant=item.tenant,
        order=order,
        document=item.document,
        process_version_id=process.version_id,
        source=item.source,
        total=_total(order),
        outcome=step.outcome if reason is None else "exception",
        reason=reason,
    )
    event = OrderEvent(
        order_id=order_id,
        who=function,
        what="registered",
        to_state=resting_place(step) if reason is None else "exception",
        request_id=request_id,
        detail=detail,
    )
    return _Started(new=new, changes=changes, event=event)


def _first_step(
    item: Incoming, process: StartableProcess, order_id: UUID, detail: Json
) -> tuple[TokenChanges, Changes, str | None]:
    """The process's first step with its writes; or an incident, and the reason why the process cannot begin."""
    plan, known = process.plan, facts(item.order)
    try:
        changes, step = Changes(), interpreter.begin(plan, known, item.start)
        write_step(changes, plan, order_id, {}, step, known, process.zone)
        return step, changes, None
    except ProcessError as stuck:
        LOG.exception("the process cannot begin", extra={"order_id": str(order_id)})
        step = interpreter.not_begun(plan, item.start)
        failed, reason = fail_registration(order_id, step.placed, stuck)
        detail |= {"code": stuck.code, "message": str(stuck), **place_of(stuck)}
        return step, failed, reason


def _total(order: Order) -> Decimal | None:
    """The total that lists show until validation has computed or refused it."""
    try:
        return amounts(order).payable
    except BusinessError:
        return order.totals.payable
