"""The list of orders that a person filters and sorts, in pages that continue where the last one ended."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from string import Template
from typing import Any
from uuid import UUID

from mtd.domain.tax import rut
from mtd.queries.orders.orders import Reader
from mtd.sql import Row, load

_SQL = load(__name__)
COUNTED_AT_MOST = 10_000
_EXPORT_PAGE = 1_000
_WILD = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


class Sort(StrEnum):
    """The sort orders of the list. An index serves each."""

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
    """The conditions that orders must meet. A None is no condition."""

    text: str | None = None
    #: A state or an outcome.
    state: str | None = None
    in_process: bool = False
    seller: str | None = None
    received_from: datetime | None = None
    #: Exclusive.
    received_until: datetime | None = None
    ended_from: datetime | None = None
    promised_until: date | None = None
    process: str | None = None
    #: Of `process`.
    version: int | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last row of a page: its sort key as text, and its order."""

    key: str
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows in their order, and where the next page begins; None at the end."""

    rows: list[Row]
    following: Cursor | None


def search(
    read: Reader,
    wanted: Filter,
    *,
    sort: Sort = Sort.RECEIVED,
    ascending: bool = False,
    limit: int = 50,
    after: Cursor | None = None,
) -> Page:
    """One page of the orders that pass the filter."""
    order = _order(sort, ascending)
    statement = _statement(_SQL["search_orders"], wanted, _SQL["page"], order)
    begins = {"after_key": after.key if after else None, "after_id": after.order_id if after else None}
    return _page(read(statement, _parameters(wanted) | begins | {"limit": limit + 1}), limit)


def first_page(
    read: Reader,
    wanted: Filter,
    *,
    sort: Sort = Sort.RECEIVED,
    ascending: bool = False,
    limit: int = 50,
    most: int = COUNTED_AT_MOST,
) -> tuple[Page, int]:
    """The first page, and the number of orders as `count` gives it."""
    if wanted.text is not None:
        statement = _statement(_SQL["search_and_count"], wanted, _SQL["found"], _order(sort, ascending))
        rows = read(statement, _parameters(wanted) | {"limit": limit + 1, "most": most + 1})
        total = [row.pop("found") for row in rows][-1] if rows else 0
        if total <= most:
            return _page(rows, limit), total
        # So many orders have these words that a walk through the index finds a page of them soon.
        return search(read, wanted, sort=sort, ascending=ascending, limit=limit), total
    page = search(read, wanted, sort=sort, ascending=ascending, limit=limit)
    return page, len(page.rows) if page.following is None else count(read, wanted, most)


def everything(read: Reader, wanted: Filter, *, sort: Sort, ascending: bool) -> Iterator[Row]:
    """Every order that passes the filter, page by page, for an export."""
    after: Cursor | None = None
    while True:
        page = search(read, wanted, sort=sort, ascending=ascending, limit=_EXPORT_PAGE, after=after)
        yield from page.rows
        if page.following is None:
            return
        after = page.following


def count(read: Reader, wanted: Filter, most: int = COUNTED_AT_MOST) -> int:
    """The number of orders that pass the filter; `most` + 1 means more than `most`."""
    statement = _statement(_SQL["count_orders"], wanted, _SQL["counted"], {})
    [row] = read(statement, _parameters(wanted) | {"limit": most + 1})
    return int(row["orders"])


def sellers(read: Reader) -> list[str]:
    """The names of the sellers, at most 200."""
    return [row["seller_name"] for row in read(_SQL["sellers"], {})]


def _order(sort: Sort, ascending: bool) -> dict[str, str]:
    column, kind = _COLUMNS[sort]
    direction, beyond = ("asc", ">") if ascending else ("desc", "<")
    return {"column": column, "type": kind, "direction": direction, "beyond": beyond}


def _statement(query: str, wanted: Filter, branch: str, order: Mapping[str, str]) -> str:
    """Two branches: orders that ended in a state, and orders that are in it. Each branch has an index of its own."""
    states = ["true"] if wanted.state is None else [_SQL["has_outcome"], _SQL["stands_at"]]
    passes = _SQL["filter"]
    branches = " union all ".join(
        Template(branch).substitute(order, filter=f"{passes} and {state}") for state in states
    )
    shown = Template(_SQL["shown"]).safe_substitute(order)
    return Template(query).substitute(order, shown=shown, branches=branches)


def _page(rows: list[Row], limit: int) -> Page:
    page = rows[:limit]
    following = Cursor(key=page[-1]["sort_key"], order_id=page[-1]["order_id"]) if len(rows) > limit else None
    return Page(rows=page, following=following)


def _parameters(wanted: Filter) -> dict[str, Any]:
    """The words to look for. A RUT is also looked for in the form that orders hold."""
    text = wanted.text.translate(_WILD) if wanted.text else None
    return asdict(wanted) | {"text": text, "rut": rut.read(wanted.text) if wanted.text else None}
