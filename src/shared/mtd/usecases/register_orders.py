"""POST /orders: a batch of orders becomes rows, tokens and the first transitions, in one commit."""

from collections.abc import Sequence
from dataclasses import dataclass

from mtd.domain.errors import BusinessError
from mtd.domain.facts import facts
from mtd.domain.order import Order
from mtd.domain.totals import amounts
from mtd.engine import interpreter
from mtd.engine.plan import Plan
from mtd.usecases.ports import Candidate, Json, Work
from mtd.usecases.trail import Hop, hop

PROCESS = "purchase-order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An order as it arrived: its JSON, where its file is, and the hops so far."""

    order: Order
    document: Json
    source: str
    hops: tuple[Hop, ...]


def register_orders(
    incoming: Sequence[Incoming], work: Work, function: str, request_id: str, hops: Sequence[Hop]
) -> list[Json]:
    """Register each order once; the status of each, in the order given.

    The same seller, number and content again is `duplicate`; the same number with other content is registered beside
    the first as an exception (`conflict`).
    """
    plan_id, plan = work.active_plan(PROCESS)
    here = [*hops, hop("Lambda", function, request_id=request_id)]
    candidates = [_candidate(item, plan, function, request_id, here) for item in incoming]
    unique = {candidate.order_id: candidate for candidate in candidates}
    registered = {entry.order_id: entry for entry in work.register(list(unique.values()), plan_id)}
    return [
        {
            "number": candidate.row["number"],
            "order_id": str(candidate.order_id),
            "status": registered[candidate.order_id].status,
        }
        for candidate in candidates
    ]


def _candidate(item: Incoming, plan: Plan, function: str, request_id: str, hops: list[Hop]) -> Candidate:
    order = item.order
    step = interpreter.start(plan, facts(order))
    identifier = order.order_id
    return Candidate(
        order_id=identifier,
        row={
            "order_id": str(identifier),
            "number": order.number,
            "seller_id": order.seller.id,
            "seller_name": order.seller.name,
            "buyer_id": order.buyer.rut or order.buyer.id,
            "buyer_name": order.buyer.name,
            "currency": order.currency,
            "total": _total(order),
            "document": item.document,
            "content_hash": order.content_hash,
            "source": item.source,
            "promised_on": order.promised_on.isoformat() if order.promised_on else None,
        },
        nodes=step.rests,
        event={
            "order_id": str(identifier),
            "who": function,
            "source": "PostgreSQL",
            "what": "registered",
            "from_state": None,
            "to_state": ", ".join(step.rests),
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
