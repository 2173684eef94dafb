"""POST /orders: a batch of orders becomes rows, tokens and the first transitions."""

import json
from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.config import config
from mtd.domain.errors import InvalidRequest, NotFound, RejectedOrder
from mtd.domain.json_types import Json
from mtd.domain.orders.check import read_order
from mtd.domain.orders.order import Order, to_json
from mtd.domain.tenants import PLATFORM_TENANT, is_code
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, api_handler, api_hop
from mtd.usecases.flow.trace import read_hops
from mtd.usecases.intake.register_orders import PROCESS, Incoming, register_orders


def _serve(event: ApiEvent, body: Json, context: Any) -> Json:
    entries = body.get("orders")
    if not isinstance(entries, list) or not entries:
        raise InvalidRequest("orders must be a list with at least one order", code="orders_missing")
    incoming = [_incoming(entry) for entry in entries]
    results = register_orders(
        incoming, composition.registrar(), config().function, context.aws_request_id, [api_hop(event)]
    )
    registered = sum(result["status"] == "registered" for result in results)
    count(config().function, {"orders": len(results), "registered": registered})
    return {"results": results}


def _incoming(entry: Any) -> Incoming:
    if not isinstance(entry, dict):
        raise InvalidRequest("an entry of orders is not an object", code="order_malformed")
    order = _order(entry)
    tenant = entry.get("tenant") or PLATFORM_TENANT
    if not is_code(tenant):
        raise InvalidRequest("tenant must be the code of a tenant", code="tenant_malformed")
    return Incoming(
        order=order,
        document=to_json(order),
        source=source if isinstance(source := entry.get("source"), str) else "api",
        hops=read_hops(entry.get("hops")),
        tenant=tenant,
        **_asked(entry),
    )


def _asked(entry: Json) -> Json:
    """The process that the entry asks for."""
    process, version, start = entry.get("process") or PROCESS, entry.get("version"), entry.get("start")
    if not isinstance(process, str) or not (version is None or (type(version) is int and 0 < version < 2**31)):
        raise InvalidRequest("process must be a name, and version must be a whole number", code="process_malformed")
    if not (start is None or isinstance(start, str)):
        raise InvalidRequest("start must be the name of a start event", code="start_malformed")
    return {"process": process, "version": version, "start": start}


def _order(entry: Json) -> Order:
    try:
        return read_order(_referred(entry["reference"]) if entry.get("reference") else entry.get("order"))
    except RejectedOrder as error:
        raise InvalidRequest(str(error), code=error.code) from None


def _referred(reference: Any) -> Any:
    """The order of a message that names an object instead. Raises InvalidRequest when there is no such order."""
    match reference:
        case {"bucket": str(bucket), "key": str(key)} if key.startswith("large/"):
            try:
                return json.loads(composition.objects().get(bucket, key))
            except (NotFound, ValueError, RecursionError):
                raise InvalidRequest(
                    "the referenced object is not an order in JSON", code="reference_malformed"
                ) from None
    raise InvalidRequest("reference must be {bucket, key} of a large order", code="reference_malformed")


handler = api_handler(_serve)
