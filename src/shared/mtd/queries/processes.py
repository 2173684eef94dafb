"""Lists of process versions."""

from typing import Any

from mtd.queries.orders import Reader
from mtd.sql import load

_SQL = load("processes")


def list_versions(read: Reader, process: str | None) -> list[dict[str, Any]]:
    """The versions, of one process or of all, the newest of each first, with how many orders are on their way."""
    return [
        {
            "process": row["process"],
            "version": row["version"],
            "name": row["name"],
            "active": row["active"],
            "retired_at": row["retired_at"].isoformat() if row["retired_at"] else None,
            "imported_at": row["imported_at"].isoformat(),
            "orders_in_flight": row["orders_in_flight"],
            "bindings": row["report"].get("bindings", []),
        }
        for row in read(_SQL["list_versions"], {"process": process})
    ]
