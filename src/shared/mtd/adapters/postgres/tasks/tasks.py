"""People's tasks in PostgreSQL, behind `manage_tasks.Tasks`."""

from collections.abc import Sequence

from mtd.adapters.postgres.database import Database
from mtd.sql import load
from mtd.usecases.tasks.escalate_overdue import OverdueTask
from mtd.usecases.tasks.manage_tasks import Task, TaskRequest, token_of

_SQL = load(__name__)


class PostgresTasks:
    """Reads and assigns tasks. `PostgresFlowStore` writes all that moves an order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def task(self, task_id: int) -> Task | None:
        rows = self._database.query(_SQL["task"], {"task_id": task_id})
        if not rows:
            return None
        [row] = rows
        rests = row["token_version"] is not None
        return Task(
            task_id=row["task_id"],
            version=row["version"],
            status=row["status"],
            name=row["name"],
            team=row["team"],
            candidate=row["candidate"],
            assignee=row["assignee"],
            schema=row["schema"],
            token=token_of({**row, "version": row["token_version"]}) if rests else None,
        )

    def overdue(self, limit: int) -> list[OverdueTask]:
        """Serves `escalate_overdue.OverdueTasks`."""
        rows = self._database.query(_SQL["overdue"], {"limit": limit})
        return [
            OverdueTask(
                task_id=row["task_id"],
                name=row["name"],
                due_at=row["due"],
                token=token_of(row),
            )
            for row in rows
        ]

    def groups_of(self, person: str) -> Sequence[str] | None:
        rows = self._database.query(_SQL["groups_of"], {"person": person})
        return rows[0]["groups"] if rows else None

    def change(self, request: TaskRequest, what: str, function: str, *, assigns: bool, assignee: str | None) -> bool:
        parameters = {
            "what": what,
            "function": function,
            "person": request.person,
            "task_id": request.task_id,
            "version": request.version,
            "comment": request.comment,
            "assigns": assigns,
            "assignee": assignee,
        }
        return bool(self._database.query(_SQL["change_task"], parameters))
