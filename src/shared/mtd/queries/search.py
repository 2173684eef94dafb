"""The list of orders as a person narrows it down: filters, sort, pages that continue where the last one ended."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from string import Template
from typing import Any
from uuid import UUID

from mtd.queries.orders import Reader
from mtd.sql import load

_SQL = load("search")
COUNTED_AT_MOST = 10_000
_EXPORT_PAGE = 1_000
_WILD = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})

type Row = dict[str, Any]


class Sort(StrEnum):
    """What the list is sorted by; an index serves each."""

    RECEIVED = "received"
    TOTAL = "total"
    NUMBER = "number"


_COLUMNS = {
    Sort.RECEIVED: ("o.received_at", "timestamptz"),
    Sort.TOTAL: ("coalesce(o.total, 0)", "numeric"),
    Sort.NUMBER: ("o.number", "text"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What orders must have; None asks for nothing. `state` is a state or an outcome, `received_until` is exclusive."""

    text: str | None = None
    state: str | None = None
    in_process: bool = False
    seller: str | None = None
    received_from: datetime | None = None
    received_until: datetime | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The last row of a page: its sort key as text, and its order."""

    key: str
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows in their order, and where the next page begins; None at the end."""

    rows: list[Row]
    following: Place | None


def search(
    read: Reader, wanted: Filter, *, sort: Sort = Sort.RECEIVED, ascending: bool = False, limit: int = 50,
    after: Place | None = None,
) -> Page:  # fmt: skip
    """One page of the orders that pass the filter."""
    column, kind = _COLUMNS[sort]
    statement = Template(_SQL["search_orders"]).substitute(
        filter=_SQL["filter"],
        column=column,
        type=kind,
        direction="asc" if ascending else "desc",
        beyond=">" if ascending else "<",
    )
    begins = {"after_key": after.key if after else None, "after_id": after.order_id if after else None}
    rows = read(statement, _parameters(wanted) | begins | {"limit": limit + 1})
    page = rows[:limit]
    more = len(rows) > limit
    return Page(rows=page, following=Place(key=page[-1]["sort_key"], order_id=page[-1]["order_id"]) if more else None)


def everything(read: Reader, wanted: Filter, *, sort: Sort, ascending: bool) -> Iterator[Row]:
    """Every order that passes the filter, page by page, for an export."""
    after: Place | None = None
    while True:
        page = search(read, wanted, sort=sort, ascending=ascending, limit=_EXPORT_PAGE, after=after)
        yield from page.rows
        if page.following is None:
            return
        after = page.following


def count(read: Reader, wanted: Filter) -> int:
    """How many orders pass the filter; COUNTED_AT_MOST + 1 stands for more than that."""
    statement = Template(_SQL["count_orders"]).substitute(filter=_SQL["filter"])
    [row] = read(statement, _parameters(wanted) | {"limit": COUNTED_AT_MOST + 1})
    return int(row["orders"])


def sellers(read: Reader) -> list[str]:
    """The names of the sellers, at most 200."""
    return [row["seller_name"] for row in read(_SQL["sellers"], {})]


def _parameters(wanted: Filter) -> dict[str, Any]:
    return asdict(wanted) | {"text": wanted.text.translate(_WILD) if wanted.text else None}
