"""Mails to the people of tasks."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.unit.support.fakes import FakeMailer

from mtd.usecases.flow.changes import OrderEvent
from mtd.usecases.notifications.tell_people import TaskMail, mails_of, tell_people
from mtd.usecases.ports import MailResult


@dataclass(slots=True)
class FakeBox:
    due: list[TaskMail] = field(default_factory=list)
    given_back: list[TaskMail] = field(default_factory=list)
    events: list[OrderEvent] = field(default_factory=list)

    def claim(self, limit: int) -> list[TaskMail]:
        return self.due[:limit]

    def give_back(self, mails: Sequence[TaskMail]) -> None:
        self.given_back += mails

    def record(self, events: Sequence[OrderEvent]) -> None:
        self.events += events


def task(**other: Any) -> TaskMail:
    known: dict[str, Any] = {
        "task_id": 7,
        "order_id": uuid.uuid4(),
        "number": "O-1",
        "name": "Aprobar",
        "team": "ventas",
        "assignee": None,
        "is_overdue": False,
        "due_at": datetime(2026, 9, 18, 13, tzinfo=UTC),
        "zone": ZoneInfo("America/Santiago"),
        "recipients": ["ana@x.cl", "eva@x.cl"],
    }
    return TaskMail(**{**known, **other})


def test_each_person_of_the_group_gets_a_mail_when_a_task_comes() -> None:
    box, mailer = FakeBox([task()]), FakeMailer()

    assert tell_people(box, mailer, "notify_customer") == 0

    assert [mail.to for mail in mailer.mails] == ["ana@x.cl", "eva@x.cl"]
    assert mailer.mails[0].subject == "Tarea nueva: Aprobar, pedido O-1"
    assert "del grupo ventas" in mailer.mails[0].body
    assert "Plazo: 18-09-2026 10:00." in mailer.mails[0].body
    [event] = box.events
    # The history names nobody's address.
    assert (event.what, event.detail) == ("mail about a task", {"task": "Aprobar", "sent": 2, "recipients": 2})


def test_an_overdue_task_says_so_and_names_its_assignee() -> None:
    [mail] = mails_of(task(is_overdue=True, assignee="ana", recipients=["ana@x.cl"], due_at=None))

    assert mail.subject == "Tarea vencida: Aprobar, pedido O-1"
    assert "asignada a ana, ha vencido" in mail.body
    assert "Plazo" not in mail.body


def test_a_mail_that_ses_does_not_take_now_is_tried_again() -> None:
    box = FakeBox([task(), task(task_id=8, recipients=["ina@x.cl"])])
    mailer = FakeMailer({"eva@x.cl": MailResult(status="pending", reason="slow")})

    assert tell_people(box, mailer, "notify_customer") == 1

    assert [each.task_id for each in box.given_back] == [7]
    assert box.events[0].detail == {"task": "Aprobar", "sent": 1, "recipients": 2, "reason": "slow"}


def test_a_task_that_concerns_nobody_with_an_address_sends_nothing() -> None:
    box, mailer = FakeBox([task(recipients=[])]), FakeMailer()

    assert tell_people(box, mailer, "notify_customer") == 0
    assert (mailer.mails, box.events, box.given_back) == ([], [], [])


def test_a_name_with_a_line_break_does_not_reach_the_subject() -> None:
    [mail] = mails_of(task(name="A\nBcc: x@y.z", recipients=["ana@x.cl"]))

    assert "\n" not in mail.subject
