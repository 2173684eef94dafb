"""POST /orders: a batch of orders becomes rows, tokens and the first transitions."""

import json
from typing import Any

from mtd.adapters.metrics import count
from mtd.config import config
from mtd.domain.errors import InvalidRequest
from mtd.domain.order import from_json
from mtd.entrypoints import composition
from mtd.entrypoints.api import Event, Json, api_handler, api_hop
from mtd.usecases.register_orders import Incoming, register_orders


def _serve(event: Event, body: Json, context: Any) -> Json:
    entries = body.get("orders")
    if not isinstance(entries, list) or not entries:
        raise InvalidRequest("orders must be a list with at least one order", code="orders_missing")
    incoming = [_incoming(entry) for entry in entries]
    results = register_orders(incoming, composition.work(), config().function, context.aws_request_id, [api_hop(event)])
    registered = sum(result["status"] == "registered" for result in results)
    count(config().function, {"orders": len(results), "registered": registered})
    return {"results": results}


def _incoming(entry: Json) -> Incoming:
    reference = entry.get("reference")
    if reference:
        document = json.loads(composition.objects().get(reference["bucket"], reference["key"]))
    else:
        document = entry.get("order")
    try:
        order = from_json(document)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise InvalidRequest(f"an order is malformed: {error!r}", code="order_malformed") from None
    return Incoming(
        order=order,
        document=document,
        source=str(entry.get("source", "api")),
        hops=tuple(entry.get("hops", [])),
    )


handler = api_handler(_serve)
