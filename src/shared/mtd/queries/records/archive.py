"""Archived orders in the shape of PostgreSQL's rows."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from mtd.sql import Row

type Archive = Callable[[str, UUID], Row]
"""Reads an order's line from an object of the archive (`mtd.domain.audit.archive` describes lines)."""

_MOMENTS = frozenset({"at", "created_at", "sent_at", "claimed_at", "feedback_at", "opened_at", "resolved_at"})


def events_of(line: Mapping[str, Any]) -> list[Row]:
    """The events, as the timeline takes them."""
    order_id = UUID(line["order"]["order_id"])
    return [row | {"order_id": order_id, "detail": json.loads(row["detail"])} for row in rows_of(line, "events")]


def rows_of(line: Mapping[str, Any], what: str) -> list[Row]:
    """The order's `events`, `mails` or `incidents`, with their moments as datetimes."""
    return [
        {name: datetime.fromisoformat(value) if name in _MOMENTS and value else value for name, value in row.items()}
        for row in line[what]
    ]
