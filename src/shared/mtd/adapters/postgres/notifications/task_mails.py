"""The mails about people's tasks, behind `tell_people.TaskMailBox`."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.changes import event_rows
from mtd.sql import load
from mtd.usecases.flow.changes import OrderEvent
from mtd.usecases.notifications.tell_people import TaskMail

_SQL = load(__name__)
_FLOW = load("mtd.adapters.postgres.flow.changes")


class PostgresTaskMailBox:
    """Serves `tell_people.TaskMailBox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, limit: int) -> list[TaskMail]:
        rows = self._database.query(_SQL["claim_task_mails"], {"limit": limit})
        return [TaskMail(**{**row, "zone": ZoneInfo(row["zone"])}) for row in rows]

    def give_back(self, mails: Sequence[TaskMail]) -> None:
        rows = [{"task_id": each.task_id, "is_overdue": each.is_overdue} for each in mails]
        if rows:
            self._database.query(_SQL["give_back"], {"mails": Jsonb(rows)})

    def record(self, events: Sequence[OrderEvent]) -> None:
        with self._database.transaction() as connection:
            connection.execute(_FLOW["insert_events"], {"events": Jsonb(event_rows(events))})
