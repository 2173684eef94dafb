"""Every minute: escalate tasks whose time has passed, by the event that is drawn, or by telling people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mtd.domain.errors import Conflict
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import TaskEscalated
from mtd.usecases.flow.changes import Changes, OrderEvent
from mtd.usecases.flow.failures import go_on
from mtd.usecases.flow.tokens import CurrentToken, LockedOrder
from mtd.usecases.ports import FlowStore

_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueTask:
    """An open task whose time has passed, with the token that rests at it."""

    task_id: int
    name: str
    due_at: datetime
    token: CurrentToken


class OverdueTasks(Protocol):
    """The tasks of PostgreSQL."""

    def overdue(self, limit: int) -> list[OverdueTask]:
        """Tasks of orders that are not suspended, which nobody has been told are overdue, the longest overdue first."""
        ...


def escalate_overdue(tasks: OverdueTasks, store: FlowStore, function: str) -> int:
    """Escalate each overdue task once, in a commit of its own. Returns how many."""
    found = tasks.overdue(_AT_ONCE)
    plans = store.plans(sorted({task.token.process_version_id for task in found}))
    count = 0
    for task in found:
        with store.unit_of_work([task.token], with_content=True) as unit:
            locked = unit.locked(task.token)
            if locked is not None and not locked.suspended:
                changes = _escalated(task, locked, plans[task.token.process_version_id], function)
                changes.overdue_tasks.append(task.task_id)
                unit.write(changes)
                count += 1
    return count


def _escalated(task: OverdueTask, locked: LockedOrder, plan: Plan, function: str) -> Changes:
    """The way of the drawn escalation event; without one only the event in the order's history."""
    own = locked.token_of_row(task.token.token_id)
    detail: Json = {"task": task.name, "due": task.due_at.isoformat()}
    try:
        what = "task overdue: escalated"
        return go_on(plan, task.token, locked, TaskEscalated(token=own.id), what, function, detail)
    except Conflict as refused:
        if refused.code != "no_escalation_way":
            raise
    changes = Changes()
    order_id, node = task.token.order_id, task.token.node
    changes.record(
        OrderEvent(order_id=order_id, who=function, what="task overdue", from_state=node, to_state=node, detail=detail)
    )
    return changes
