"""Lists of people's tasks."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.queries.orders.orders import LARGEST_PAGE, Reader
from mtd.sql import load

_SQL = load(__name__)
PAGE = 200
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
        raise InvalidRequest(f"limit must be from 1 to {LARGEST_PAGE}", code="limit_out_of_range")
    asked = {"group": group, "assignee": assignee, "number": number, "status": status, "after": after}
    rows = read(_SQL["list_tasks"], {**asked, "limit": limit + 1})
    page = rows[:limit]
    return {"tasks": [_told(row) for row in page], "next": page[-1]["task_id"] if len(rows) > limit else None}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: row[name].isoformat() if row[name] else None for name in _MOMENTS}}


def board(
    read: Reader, view: str, *, person: str, groups: Sequence[str], group: str | None, after: int = 0
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of the tasks that a person of those groups looks at, the most urgent first; `group` narrows them down.

    With it, how many lie before the page that follows; None at the end.

    `mine`, the `groups`' (capitals or not), all that are `open` or `overdue`, or those `done` by that person.
    """
    asked = {"view": view, "person": person, "groups": _plain(groups), "group": group}
    rows = read(_SQL["board"], {**asked, "after": after, "limit": PAGE + 1})
    return rows[:PAGE], after + PAGE if len(rows) > PAGE else None


def count_views(read: Reader, person: str, groups: Sequence[str]) -> dict[str, int]:
    """The numbers of open tasks: the person's, their groups', all, and overdue ones."""
    [counts] = read(_SQL["count_views"], {"person": person, "groups": _plain(groups)})
    return counts


def _plain(groups: Sequence[str]) -> list[str]:
    return [group.lower() for group in groups]


def known_groups(read: Reader) -> list[str]:
    """The groups that have open tasks, or that the active processes name."""
    return [row["team"] for row in read(_SQL["known_groups"], {})]


def groups(read: Reader) -> list[str]:
    """The groups that have open tasks."""
    return [row["team"] for row in read(_SQL["task_groups"], {})]


def comments(read: Reader, order_id: UUID) -> list[dict[str, Any]]:
    """People's comments on the tasks of the order, the oldest first: `at`, `task`, `person`, `text`."""
    return list(read(_SQL["task_comments"], {"order_id": order_id}))


def task(read: Reader, task_id: int) -> dict[str, Any]:
    """One task with its order's content and data, its element, and the JSON Schema of its form. Raises NotFound."""
    found = read(_SQL["shown_task"], {"task_id": task_id})
    if not found:
        raise NotFound(f"there is no task {task_id}", code="task_unknown")
    return found[0]
