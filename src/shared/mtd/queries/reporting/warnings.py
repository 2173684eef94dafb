"""Early warnings as people read them."""

from typing import Any

from mtd.queries.orders.orders import Reader
from mtd.sql import load

_SQL = load(__name__)
PAGE = 200


def list_warnings(read: Reader, *, everything: bool = False, after: int | None = None) -> dict[str, Any]:
    """A page, the newest first: those of orders on their way that nobody has acknowledged, or all; `next` continues."""
    rows = read(_SQL["list_warnings"], {"all": everything, "after": after, "limit": PAGE})
    return {"warnings": rows, "next": rows[-1]["warning_id"] if len(rows) == PAGE else None}
