"""Saved views: a person's own filters of the list of orders, by name."""

from typing import Any

from mtd.sql import load
from portal.database import Database

_SQL = load(__name__)


class Views:
    """In PostgreSQL; a view is the query string of the list."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant: str, user_id: int) -> list[dict[str, Any]]:
        return self._database.of(tenant)(_SQL["of_user"], {"user_id": user_id})

    def save(self, tenant: str, user_id: int, name: str, query: str) -> None:
        """A view of that name is replaced."""
        self._database.of(tenant)(_SQL["save"], {"user_id": user_id, "name": name, "query": query})

    def delete(self, tenant: str, user_id: int, view_id: int) -> None:
        self._database.of(tenant)(_SQL["delete"], {"user_id": user_id, "view_id": view_id})
