"""Early warnings in PostgreSQL, behind `warn_of_delays.Warnings`."""

from typing import Any

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.changes import chunks
from mtd.adapters.postgres.flow.store import PostgresFlowStore
from mtd.domain.json_types import Json
from mtd.sql import load
from mtd.usecases.flow.changes import Changes, Message

_SQL = load(__name__)
_PER_MESSAGE = 100


class PostgresWarnings:
    """`store` commits and sends the messages."""

    def __init__(self, database: Database, store: PostgresFlowStore) -> None:
        self._database = database
        self._store = store

    def warn(self, zone: str, early: float, fewest: int, limit: int) -> int:
        asked = {"zone": zone, "early": early, "fewest": fewest, "limit": limit}
        with self._store.committing() as commit:
            warned = [_warning(row) for row in commit.connection.execute(_SQL["warn"], asked).fetchall()]
            bodies = [{"warnings": list(chunk)} for chunk in chunks(warned, _PER_MESSAGE)]
            messages = [Message(destination="warnings", body=body) for body in bodies]
            commit.changes.append(Changes(messages=messages))
        return len(warned)

    def acknowledge(self, warning_id: int, person: str) -> bool:
        return bool(self._database.query(_SQL["acknowledge"], {"warning_id": warning_id, "person": person}))


def _warning(row: dict[str, Any]) -> Json:
    return {**row, "due_at": row["due_at"].isoformat(), "predicted_at": row["predicted_at"].isoformat()}
