"""Every write, with who did it and how it went."""

from typing import Any

from psycopg.types.json import Jsonb

from mtd.sql import load
from portal.database import Database

_SQL = load(__name__)


class Audit:
    """Append-only, in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self, *, tenant: str, user: str, address: str, action: str, subject: str, outcome: str = "done", **detail: Any
    ) -> None:
        self._database.of(tenant)(
            _SQL["record"],
            {
                "user_name": user,
                "address": address,
                "action": action,
                "subject": subject[:500],
                "outcome": outcome[:500],
                "detail": Jsonb(detail),
            },
        )

    def latest(self, tenant: str) -> list[dict[str, Any]]:
        return self._database.of(tenant)(_SQL["latest"], {})
