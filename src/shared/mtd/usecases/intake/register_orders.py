"""POST /orders: a batch of orders becomes rows, tokens and the first transitions, in one commit."""

from collections.abc import Sequence
from dataclasses import dataclass

from mtd.domain.errors import BusinessError, ConfigurationError, InvalidRequest
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.domain.orders.order import Order
from mtd.domain.orders.totals import amounts
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.engine.model.plan import Plan
from mtd.engine.runtime import interpreter
from mtd.usecases.flow.apply_trigger import resting_place, write_step
from mtd.usecases.flow.cases import Changes, NewOrder
from mtd.usecases.flow.trace import Hop, hop
from mtd.usecases.ports import FlowStore

PROCESS = "purchase-order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An order as it arrived: its JSON, where its file is, the hops so far, its tenant, and the process it asks for.

    Without a version the active one serves it.
    """

    order: Order
    document: Json
    source: str
    hops: tuple[Hop, ...]
    tenant: str = PLATFORM_TENANT
    process: str = PROCESS
    version: int | None = None


def register_orders(
    incoming: Sequence[Incoming], work: FlowStore, function: str, request_id: str, hops: Sequence[Hop]
) -> list[Json]:
    """Register each order once; the status of each, in the order given.

    Within a tenant the same seller, number and content again is `duplicate`; the same number with other content is
    registered beside the first as an exception (`conflict`). Raises InvalidRequest for a process on which no order can
    start.
    """
    plans = {asked: _plan(work, *asked) for asked in {_asked(item) for item in incoming}}
    here = [*hops, hop("Lambda", function, request_id=request_id)]
    candidates = [_candidate(item, *plans[_asked(item)], function, request_id, here) for item in incoming]
    unique = {candidate.order_id: candidate for candidate in candidates}
    registered = {entry.order_id: entry for entry in work.register(list(unique.values()))}
    return [
        {
            "number": candidate.row["number"],
            "order_id": str(candidate.order_id),
            "status": registered[candidate.order_id].status,
        }
        for candidate in candidates
    ]


def _asked(item: Incoming) -> tuple[str, str, int | None]:
    return item.tenant, item.process, item.version


def _plan(work: FlowStore, tenant: str, process: str, version: int | None) -> tuple[int, Plan]:
    found = work.startable(tenant, process, version)
    if found is None and tenant == PLATFORM_TENANT and process == PROCESS and version is None:
        raise ConfigurationError(f"process {process!r} has no active version: run migrate_database")
    if found is None:
        named = process if version is None else f"{process} version {version}"
        whose = "" if tenant == PLATFORM_TENANT else f" of tenant {tenant}"
        raise InvalidRequest(
            f"no order{whose} can start on {named}: it is unknown, retired or not active", code="no_process"
        )
    return found


def _candidate(item: Incoming, plan_id: int, plan: Plan, function: str, request_id: str, hops: list[Hop]) -> NewOrder:
    order, changes = item.order, Changes()
    identifier, known = order.id_of(item.tenant), facts(order)
    step = interpreter.begin(plan, known)
    write_step(changes, plan, identifier, {}, step, known)
    return NewOrder(
        order_id=identifier,
        row={
            "order_id": str(identifier),
            "tenant": item.tenant,
            "number": order.number,
            "seller_id": order.seller.id,
            "seller_name": order.seller.name,
            "buyer_id": order.buyer.rut or order.buyer.id,
            "buyer_name": order.buyer.name,
            "currency": order.currency,
            "total": _total(order),
            "document": item.document,
            "content_hash": order.content_hash,
            "process_version_id": plan_id,
            "source": item.source,
            "promised_on": order.promised_on.isoformat() if order.promised_on else None,
            "outcome": step.outcome,
        },
        changes=changes,
        event={
            "order_id": str(identifier),
            "who": function,
            "source": "PostgreSQL",
            "what": "registered",
            "from_state": None,
            "to_state": resting_place(step),
            "request_id": request_id,
            "detail": {"source": item.source, "hops": [*item.hops, *hops]},
        },
    )


def _total(order: Order) -> str | None:
    """What lists show before validation has computed or refused it."""
    try:
        return str(amounts(order).payable)
    except BusinessError:
        return str(order.totals.payable) if order.totals.payable is not None else None
