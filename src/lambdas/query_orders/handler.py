"""GET /orders, /archive, /exceptions, /warnings, /circuits and /summary: what operators ask of orders."""

from typing import Any
from urllib.parse import unquote

from mtd.adapters.postgres.reader import PostgresReader
from mtd.config import config
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, query_parameter
from mtd.entrypoints.people import people_handler
from mtd.entrypoints.requests.tasks import read_id, read_number
from mtd.queries.flow.circuits import list_circuits
from mtd.queries.operations.exceptions import list_exceptions
from mtd.queries.orders.orders import count_by_state, list_orders, timeline
from mtd.queries.reporting.warnings import list_warnings


def _serve(event: ApiEvent, _body: Json, _context: Any) -> Json:
    read = PostgresReader(composition.database())
    number = (event.get("pathParameters") or {}).get("number")
    if event["resource"] == "/exceptions":
        return {"exceptions": list_exceptions(read)}
    if event["resource"] == "/circuits":
        return {"circuits": list_circuits(read, config().circuit_drain_rate)}
    if event["resource"] == "/warnings":
        after = query_parameter(event, "after")
        return list_warnings(
            read, everything=query_parameter(event, "all") == "true", after=read_number(after) if after else None
        )
    if event["resource"] == "/archive/{order_id}":
        return composition.archived_orders().find(read_id((event.get("pathParameters") or {})["order_id"]))
    if event["resource"] == "/summary":
        return {"orders_by_state": count_by_state(read)}
    if number is not None:
        return timeline(read, unquote(number), composition.archived_orders().line)
    limit = query_parameter(event, "limit") or "100"
    if not limit.isdecimal() or len(limit) > 9:
        raise InvalidRequest("limit must be a whole number", code="limit_out_of_range")
    return list_orders(
        read,
        state=query_parameter(event, "state"),
        number=query_parameter(event, "number"),
        limit=int(limit),
        after=query_parameter(event, "after"),
    )


handler = people_handler(_serve)
