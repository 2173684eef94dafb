"""Tasks whose time has passed are escalated once, by the event that is drawn or by telling people."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from tests.support.cases import plan_of
from tests.support.orders import OrderFile
from tests.unit.support.fakes import FakeStore

from mtd.domain.orders import ubl
from mtd.engine.model.tokens import Token, Waits
from mtd.usecases.flow.tokens import CurrentToken
from mtd.usecases.tasks.escalate_overdue import OverdueTask, escalate_overdue

DUE = datetime(2026, 9, 18, 10, tzinfo=UTC)
PLAIN = "start: S\nuser: Approve | group=g, due=PT1H\nend: E\nS > Approve > E"
DRAWN = PLAIN + "\nboundary: Late | on=Approve, escalation%s\nuser: Boss | group=h\nend: F\nLate > Boss > F"


@dataclass(slots=True)
class FakeOverdue:
    found: list[OverdueTask] = field(default_factory=list)

    def overdue(self, limit: int) -> list[OverdueTask]:
        assert limit >= len(self.found)
        return self.found


def overdue() -> FakeOverdue:
    token = CurrentToken(
        token_id=1,
        version=3,
        node="approve",
        attempts=0,
        data={},
        order_id=uuid.uuid4(),
        process_version_id=1,
        due_at=DUE,
        outcome_unknown=False,
        waits=Waits.PERSON,
    )
    return FakeOverdue([OverdueTask(task_id=7, name="Approve", due_at=DUE, token=token)])


def store(text: str, **other: bool) -> FakeStore:
    order = ubl.parse_order(OrderFile(number="N").xml().encode())
    own = Token(id=1, node="approve", waits=Waits.PERSON)
    return FakeStore(plan=plan_of(text), order=order, own=own, suspended=other.get("suspended", False))


def test_without_an_escalation_event_the_orders_history_tells_it() -> None:
    here = store(PLAIN)

    assert escalate_overdue(overdue(), here, "relay_outbox") == 1

    changes = here.committed[1]
    assert changes.overdue_tasks == [7]
    [event] = changes.events
    assert (event.what, event.detail) == ("task overdue", {"task": "Approve", "due": "2026-09-18T10:00:00+00:00"})
    assert (changes.moved_tokens, changes.new_tokens, changes.cancelled_tasks) == ([], [], [])


@pytest.mark.parametrize(("interrupting", "kept"), [("", False), (", interrupting=no", True)])
def test_a_drawn_escalation_event_takes_its_way(interrupting: str, kept: bool) -> None:
    here = store(DRAWN % interrupting)

    assert escalate_overdue(overdue(), here, "relay_outbox") == 1

    changes = here.committed[1]
    assert changes.overdue_tasks == [7]
    assert [task.node for task in changes.new_tasks] == ["boss"]
    assert (changes.cancelled_tasks == []) is kept
    assert changes.events[0].what == "task overdue: escalated"


def test_a_suspended_order_and_one_that_has_moved_on_are_left() -> None:
    suspended, stale = store(PLAIN, suspended=True), store(PLAIN)
    stale.stale = True

    for here in (suspended, stale):
        assert escalate_overdue(overdue(), here, "relay_outbox") == 0
        assert here.committed == {}
