"""The list of orders: filters in the address, so that a view is a link; the export is exactly the list."""

import base64
import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response, StreamingResponse

from mtd.domain.errors import InvalidRequest
from mtd.queries.orders import search as queries
from mtd.queries.orders.search import COUNTED_AT_MOST, Cursor, Sort
from mtd.queries.reporting import control_room
from portal.pages.orders import csv_export
from portal.pages.orders.filters import given as given_by
from portal.pages.orders.filters import read_filter, try_filter
from portal.rendering.catalogue import state_name
from portal.visit import Visit

_OUTCOMES = ("completed", "exception", "cancelled")
_COLUMNS = (
    "number",
    "state",
    "seller_name",
    "buyer_name",
    "currency",
    "total",
    "received_at",
    "updated_at",
    "ended_at",
    "promised_on",
    "reason",
)


def show(visit: Visit) -> Response:
    """The whole page, or for HTMX the part of it that changes: a new list, or the rows that come next."""
    given = given_by(visit.request.query_params)
    read = visit.read
    wanted, problem = try_filter(given, visit.zone)
    sort, ascending = _sort(given)
    after = visit.request.query_params.get("after")
    more_rows = bool(after and visit.request.headers.get("hx-request"))
    if after:
        page = queries.search(read, wanted, sort=sort, ascending=ascending, after=_place(after))
        total = 0 if more_rows else queries.count(read, wanted)
    else:
        page, total = queries.first_page(read, wanted, sort=sort, ascending=ascending)
    context = {
        "given": given,
        "problem": problem,
        "rows": page.rows,
        "next": _link(given | {"after": _token(page.following)}) if page.following else "",
        "sort": sort.value,
        "ascending": ascending,
        "sort_link": lambda column: _link(given | {"sort": _toggled(column, sort, ascending)}),
    }
    if more_rows:
        return visit.page("orders/orders_rows.html", **context)
    context |= {
        "total": min(total, COUNTED_AT_MOST),
        "more": total > COUNTED_AT_MOST,
        "query": urlencode(given),
        "bulk": urlencode({"query": urlencode(given)}),
        "export": f"/orders.csv?{urlencode(given)}",
    }
    if visit.request.headers.get("hx-request"):
        return visit.page("orders/orders_list.html", **context)
    states = [*control_room.state_names(read), *_OUTCOMES]
    views = visit.services.views.of(visit.who.tenant, visit.who.user_id)
    return visit.page("orders/orders.html", states=states, sellers=queries.sellers(read), views=views, **context)


def export(visit: Visit) -> Response:
    """The filtered list as CSV, as long as it is."""
    given = given_by(visit.request.query_params)
    wanted = read_filter(given, visit.zone)
    sort, ascending = _sort(given)
    rows = queries.everything(visit.read, wanted, sort=sort, ascending=ascending)
    names = control_room.state_names(visit.read)

    def lines() -> Iterator[str]:
        yield csv_export.line([visit.say(f"orders.{column}") for column in _COLUMNS])
        for row in rows:
            shown = row | {"state": state_name(visit.locale, row["outcome"] or row["nodes"], names)}
            yield csv_export.line([shown[column] for column in _COLUMNS])

    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=csv_export.headers("orders"))


def save_view(visit: Visit) -> Response:
    name, query = visit.form.get("name", "").strip(), visit.form.get("query", "")
    if not 1 <= len(name) <= 60 or len(query) > 2000:
        raise InvalidRequest("a view's name has 1 to 60 characters", code="view_name")
    visit.services.views.save(visit.who.tenant, visit.who.user_id, name, query)
    visit.record("save_view", name)
    return visit.go(f"/orders?{query}", "view_saved")


def delete_view(visit: Visit) -> Response:
    visit.services.views.delete(visit.who.tenant, visit.who.user_id, visit.number("view_id"))
    visit.record("delete_view", visit.form["view_id"])
    return visit.go("/orders", "view_deleted")


def _sort(given: Mapping[str, str]) -> tuple[Sort, bool]:
    """`-received` is descending, `received` ascending."""
    asked = given.get("sort", "-received")
    name = asked.removeprefix("-")
    return (Sort(name), not asked.startswith("-")) if name in Sort else (Sort.RECEIVED, False)


def _toggled(column: str, sort: Sort, ascending: bool) -> str:
    return f"{'-' if column == sort.value and ascending else ''}{column}" if column == sort.value else f"-{column}"


def _link(given: Mapping[str, str]) -> str:
    return f"/orders?{urlencode(given)}"


def _token(place: Cursor) -> str:
    return base64.urlsafe_b64encode(json.dumps([place.key, str(place.order_id)]).encode()).decode()


def _place(token: str) -> Cursor:
    try:
        key, order_id = json.loads(base64.urlsafe_b64decode(token))
        return Cursor(key=str(key), order_id=UUID(order_id))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise InvalidRequest("after must be the next of an earlier page", code="after_malformed") from None
