"""Early warnings in PostgreSQL, behind `warn_of_delays.Warnings`."""

from typing import Any

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.changes import insert_outbox
from mtd.adapters.postgres.flow.store import PostgresFlowStore
from mtd.domain.json_types import Json
from mtd.sql import load
from mtd.usecases.flow.cases import Message

_SQL = load(__name__)
_PER_MESSAGE = 100


class PostgresWarnings:
    """`work` sends the messages of what is committed; what it cannot send the relay will."""

    def __init__(self, database: Database, work: PostgresFlowStore) -> None:
        self._database = database
        self._work = work

    def warn(self, zone: str, early: float, fewest: int, limit: int) -> int:
        asked = {"zone": zone, "early": early, "fewest": fewest, "limit": limit}
        with self._database.transaction() as connection:
            warned = [_told(row) for row in connection.execute(_SQL["warn"], asked).fetchall()]
            messages = [
                Message(destination="warnings", body={"warnings": warned[i : i + _PER_MESSAGE]})
                for i in range(0, len(warned), _PER_MESSAGE)
            ]
            outbox = insert_outbox(connection, messages)
        self._work.deliver(outbox())
        return len(warned)

    def acknowledge(self, warning_id: int, person: str) -> bool:
        return bool(self._database.query(_SQL["acknowledge"], {"warning_id": warning_id, "person": person}))


def _told(row: dict[str, Any]) -> Json:
    return {**row, "due_at": row["due_at"].isoformat(), "predicted_at": row["predicted_at"].isoformat()}
