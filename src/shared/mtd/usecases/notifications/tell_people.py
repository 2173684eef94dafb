"""Sends mails to the people of tasks: when a task comes, and when its time has passed.

A task's mails are claimed before they are sent. SES's refusals give the claim back; a crash in between loses the mail,
which the portal's list of tasks makes up for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from mtd.domain.orders import mail
from mtd.usecases.flow.changes import OrderEvent
from mtd.usecases.ports import Mailer, MailResult

_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMail:
    """A claimed mail about a task, with the addresses of those whom it concerns."""

    task_id: int
    order_id: UUID
    number: str
    name: str
    team: str
    assignee: str | None
    #: Whether the task's time has passed; else it has come.
    is_overdue: bool
    due_at: datetime | None
    #: The time zone of the tenant.
    zone: ZoneInfo
    recipients: Sequence[str]


class TaskMailBox(Protocol):
    """The mails about tasks of PostgreSQL; each method is one transaction."""

    def claim(self, limit: int) -> list[TaskMail]:
        """The mails that are due. No other run claims them."""
        ...

    def give_back(self, mails: Sequence[TaskMail]) -> None:
        """Have the mails claimed again."""
        ...

    def record(self, events: Sequence[OrderEvent]) -> None: ...


def tell_people(box: TaskMailBox, mailer: Mailer, function: str) -> int:
    """Send the mails that are due. Returns how many tasks must be tried again."""
    claimed = [each for each in box.claim(_AT_ONCE) if each.recipients]
    if not claimed:
        return 0
    results = iter(mailer.send([each for task in claimed for each in mails_of(task)]))
    mailed = [(task, [next(results) for _ in task.recipients]) for task in claimed]
    box.record([_event(task, each, function) for task, each in mailed])
    # A mail to one of several people may be sent twice then: nobody goes without.
    again = [task for task, each in mailed if any(result.status == "pending" for result in each)]
    box.give_back(again)
    return len(again)


def mails_of(task: TaskMail) -> list[mail.Mail]:
    """The mail to each recipient, in Spanish."""
    number, name = mail.one_line(task.number), mail.one_line(task.name)
    due = "" if task.due_at is None else f"{task.due_at.astimezone(task.zone):%d-%m-%Y %H:%M}"
    whom = f"asignada a {task.assignee}" if task.assignee else f"del grupo {mail.one_line(task.team)}"
    first = "ha vencido" if task.is_overdue else "espera a que alguien la haga"
    lines = [f"La tarea «{name}» del pedido {number}, {whom}, {first}."]
    lines += [f"Plazo: {due}."] if due else []
    lines += ["", "La encuentra en Tareas, en el portal."]
    subject = f"{'Tarea vencida' if task.is_overdue else 'Tarea nueva'}: {name}, pedido {number}"
    return [mail.Mail(to=address, subject=subject, body="\n".join(lines) + "\n") for address in task.recipients]


def _event(task: TaskMail, results: Sequence[MailResult], function: str) -> OrderEvent:
    sent = sum(result.status == "sent" for result in results)
    reasons = "; ".join(dict.fromkeys(result.reason for result in results if result.reason))
    return OrderEvent(
        order_id=task.order_id,
        who=function,
        source="SES",
        what="mail about an overdue task" if task.is_overdue else "mail about a task",
        detail={
            "task": task.name,
            "sent": sent,
            "recipients": len(results),
            **({"reason": reasons} if reasons else {}),
        },
    )
