"""Lists of people's tasks."""

from typing import Any

from mtd.domain.errors import InvalidRequest
from mtd.queries.orders import LARGEST_PAGE, Reader
from mtd.sql import load

_SQL = load("tasks")
STATUSES = ("open", "completed", "cancelled")
_MOMENTS = ("due_at", "follow_up_at", "created_at", "ended_at")


def list_tasks(
    read: Reader,
    *,
    group: str | None,
    assignee: str | None,
    number: str | None,
    status: str,
    limit: int,
    after: int,
) -> dict[str, Any]:
    """A page of tasks, the oldest first; `next` continues it. Raises InvalidRequest."""
    if status not in STATUSES:
        raise InvalidRequest(f"status must be one of {', '.join(STATUSES)}", code="status_unknown")
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidRequest(f"limit must be 1 to {LARGEST_PAGE}", code="limit_out_of_range")
    asked = {"group": group, "assignee": assignee, "number": number, "status": status, "after": after}
    rows = read(_SQL["list_tasks"], {**asked, "limit": limit + 1})
    page = rows[:limit]
    return {"tasks": [_told(row) for row in page], "next": page[-1]["task_id"] if len(rows) > limit else None}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: row[name].isoformat() if row[name] else None for name in _MOMENTS}}
