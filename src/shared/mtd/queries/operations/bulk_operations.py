"""Operations as people read them: their progress and the result of each order."""

from mtd.domain.errors import NotFound
from mtd.domain.json_types import Json
from mtd.queries.orders.orders import Reader
from mtd.sql import load

_SQL = load(__name__)
PAGE = 500


def list_operations(read: Reader) -> list[Json]:
    """The latest fifty, the newest first."""
    return read(_SQL["read_operations"], {"operation_id": None})


def read_operation(read: Reader, operation_id: int, after: int = 0) -> Json:
    """One with its counts and a page of its orders; `next` continues them. Raises NotFound."""
    found = read(_SQL["read_operations"], {"operation_id": operation_id})
    if not found:
        raise NotFound(f"there is no operation {operation_id}", code="operation_unknown")
    operation = found[0]
    [counts] = read(_SQL["progress"], {"operation_id": operation_id, "dry_run": operation["dry_run"]})
    items = read(_SQL["read_items"], {"operation_id": operation_id, "after": after, "limit": PAGE})
    names = ("total", "pending", "done", "refused", "came_back", "unsettled")
    return {
        **operation,
        "counts": {name: counts[name] for name in names},
        "items": items,
        "next": items[-1]["position"] if len(items) == PAGE else None,
    }
