"""GET /orders, /archive, /exceptions, /warnings, /circuits and /summary: lists for operators."""

from typing import Any

from mtd.adapters.postgres.reader import PostgresReader
from mtd.config import config
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, path_parameter, query_parameter
from mtd.entrypoints.people import people_handler
from mtd.entrypoints.requests.tasks import read_id, read_number
from mtd.queries.flow.circuits import list_circuits
from mtd.queries.operations.exceptions import list_exceptions
from mtd.queries.orders.orders import count_by_state, list_orders, timeline
from mtd.queries.reporting.warnings import list_warnings


def _reader() -> PostgresReader:
    return PostgresReader(composition.database())


def _list_orders(event: ApiEvent, _body: Json, _context: Any) -> Json:
    limit = query_parameter(event, "limit") or "100"
    if not limit.isdecimal() or len(limit) > 9:
        raise InvalidRequest("limit must be a whole number", code="limit_out_of_range")
    return list_orders(
        _reader(),
        state=query_parameter(event, "state"),
        number=query_parameter(event, "number"),
        limit=int(limit),
        after=query_parameter(event, "after"),
    )


def _show_order(event: ApiEvent, _body: Json, _context: Any) -> Json:
    return timeline(_reader(), path_parameter(event, "number"), composition.archived_orders().line)


def _show_archived_order(event: ApiEvent, _body: Json, _context: Any) -> Json:
    return composition.archived_orders().find(read_id(path_parameter(event, "order_id")))


def _summarise(_event: ApiEvent, _body: Json, _context: Any) -> Json:
    return {"orders_by_state": count_by_state(_reader())}


def _list_exceptions(_event: ApiEvent, _body: Json, _context: Any) -> Json:
    return {"exceptions": list_exceptions(_reader())}


def _list_circuits(_event: ApiEvent, _body: Json, _context: Any) -> Json:
    return {"circuits": list_circuits(_reader(), config().circuit_drain_rate)}


def _list_warnings(event: ApiEvent, _body: Json, _context: Any) -> Json:
    after, everything = query_parameter(event, "after"), query_parameter(event, "all") == "true"
    return list_warnings(_reader(), everything=everything, after=read_number(after) if after else None)


ROUTES = {
    "GET /orders": _list_orders,
    "GET /orders/{number}": _show_order,
    "GET /archive/{order_id}": _show_archived_order,
    "GET /summary": _summarise,
    "GET /exceptions": _list_exceptions,
    "GET /circuits": _list_circuits,
    "GET /warnings": _list_warnings,
}

handler = people_handler(ROUTES)
