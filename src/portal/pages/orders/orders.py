"""The list of orders: filters in the address, so that a view is a link; the export is exactly the list."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response, StreamingResponse

from mtd.domain.errors import InvalidRequest
from mtd.queries.orders import search as queries
from mtd.queries.orders.search import COUNTED_AT_MOST, Cursor, Sort
from mtd.queries.reporting import control_room
from portal.pages.orders import csv_export
from portal.pages.orders.filters import IN_PROCESS, NARROWED, localised, read_filter, try_filter
from portal.pages.orders.filters import given as given_by
from portal.rendering.catalogue import state_name
from portal.rendering.context import Context, values
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


# The columns of the list: what it is sorted by, where it can be, and the key of its title.
_LISTED = (
    (Sort.NUMBER, "number"),
    (None, "state"),
    (None, "buyer_name"),
    (None, "seller_name"),
    (Sort.TOTAL, "total"),
    (Sort.RECEIVED, "received_at"),
    (None, "took"),
)
_NUMERIC = frozenset({"total", "took"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's head: `label` is a catalogue key, `href` sorts by it, `sorted` is aria-sort's value or empty."""

    label: str
    num: bool
    href: str
    sorted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRowsContext(Context):
    """A page of rows; `next` is the address of the page that follows, or empty."""

    template: ClassVar[str] = "orders/orders_rows.html"

    rows: list[dict[str, Any]]
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderListContext(OrderRowsContext):
    """The list under its filter: `total` orders, or `more` than that; `problem` is the code of a field without sense;
    `narrowed` are restrictions that the form does not show, each with the address of the list without it;
    `query` is the filter as an address has it, `bulk` and `export` are addresses for all of the list."""

    template: ClassVar[str] = "orders/orders_list.html"

    columns: list[Column]
    narrowed: list[tuple[str, str]]
    total: int
    more: bool
    problem: str
    query: str
    bulk: str
    export: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersContext(OrderListContext):
    """The whole page: the filter as it was `given`, with the states and sellers to choose from, and the saved views."""

    template: ClassVar[str] = "orders/orders.html"

    given: Mapping[str, str]
    states: list[tuple[str, str]]
    sellers: list[str]
    views: list[dict[str, Any]]


def show(visit: Visit) -> Response:
    """The whole page, or for HTMX the part of it that changes: a new list, or the rows that come next."""
    given = localised(given_by(visit.request.query_params), visit.locale)
    read = visit.read
    wanted, problem = try_filter(given, visit.zone, visit.locale)
    sort, ascending = _sort(given)
    after = visit.request.query_params.get("after")
    more_rows = bool(after) and visit.wants_part
    if after:
        page = queries.search(read, wanted, sort=sort, ascending=ascending, after=_place(after))
        total = 0 if more_rows else queries.count(read, wanted)
    else:
        page, total = queries.first_page(read, wanted, sort=sort, ascending=ascending)
    following = _link(given | {"after": _token(page.following)}) if page.following else ""
    if more_rows:
        return visit.page(OrderRowsContext(rows=page.rows, next=following))
    listed = OrderListContext(
        rows=page.rows,
        next=following,
        columns=_columns(given, sort, ascending),
        narrowed=_narrowed(visit, given),
        total=min(total, COUNTED_AT_MOST),
        more=total > COUNTED_AT_MOST,
        problem=problem,
        query=urlencode(given),
        bulk=f"/operations/new?{urlencode({'query': urlencode(given)})}",
        export=f"/orders.csv?{urlencode(given)}",
    )
    if visit.wants_part:
        return visit.page(listed)
    names = control_room.state_names(read)
    return visit.page(
        OrdersContext(
            **values(listed),
            given=given,
            states=[
                ("", visit.say("orders.any")),
                (IN_PROCESS, visit.say("control.in_process")),
                *((one, state_name(visit.locale, one, names)) for one in [*names, *_OUTCOMES]),
            ],
            sellers=queries.sellers(read),
            views=visit.services.views.of(visit.who.tenant, visit.who.user_id),
        )
    )


def export(visit: Visit) -> Response:
    """The whole filtered list as CSV; with `excel` as the reader's Excel opens it."""
    given = given_by(visit.request.query_params)
    wanted = read_filter(given, visit.zone, visit.locale)
    sort, ascending = _sort(given)
    rows = queries.everything(visit.read, wanted, sort=sort, ascending=ascending)
    names = control_room.state_names(visit.read)

    def cells() -> Iterator[list[object]]:
        for row in rows:
            shown = row | {"state": state_name(visit.locale, row["outcome"] or row["nodes"], names)}
            yield [shown[column] for column in _COLUMNS]

    head = [visit.say(f"orders.{column}") for column in _COLUMNS]
    excel = csv_export.Excel(locale=visit.locale, zone=visit.zone) if "excel" in visit.request.query_params else None
    return StreamingResponse(
        csv_export.lines(head, cells(), excel),
        media_type="text/csv; charset=utf-8",
        headers=csv_export.headers("orders"),
    )


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


def _columns(given: Mapping[str, str], sort: Sort, ascending: bool) -> list[Column]:
    return [
        Column(
            label=f"orders.{label}",
            num=label in _NUMERIC,
            href=_link({**given, "sort": _toggled(by, sort, ascending)}) if by else "",
            sorted=("ascending" if ascending else "descending") if by is sort else "",
        )
        for by, label in _LISTED
    ]


def _narrowed(visit: Visit, given: Mapping[str, str]) -> list[tuple[str, str]]:
    texts = {
        "ended": visit.say("orders.ended_lately"),
        "promise": visit.say("orders.promised_soon"),
        "process": f"{given.get('process', '')} v{given.get('version', '')}",
    }
    without = {"process": ("process", "version")}
    return [
        (texts[name], _link({key: value for key, value in given.items() if key not in without.get(name, (name,))}))
        for name in NARROWED
        if name in given
    ]


def _toggled(by: Sort, sort: Sort, ascending: bool) -> str:
    """Descending first, then the other way round."""
    return by.value if by is sort and not ascending else f"-{by.value}"


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
