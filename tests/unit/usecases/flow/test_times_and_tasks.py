"""Times in the tenant's zone, cycles that do not drift, and what a task knows of its instance and its group."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.support.cases import plan_of
from tests.support.imports import report_of

from mtd.domain.errors import ProcessError
from mtd.engine.compiler.reports import Verdict
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import TaskCompleted, TimerFired, Waits, applied
from mtd.engine.runtime import interpreter
from mtd.usecases.flow.apply_trigger import write_step
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.tokens import TokenRow

SANTIAGO = ZoneInfo("America/Santiago")
CYCLE = """
    start: S
    user: Work | group=g
    boundary: Remind | on=Work, time=R3/PT1H, interrupting=no
    end: E
    end: Reminded
    S > Work > E
    Remind > Reminded
"""


def begun(plan: Plan, known: Mapping[str, Any]) -> Changes:
    changes = Changes()
    write_step(changes, plan, uuid.uuid4(), {}, interpreter.begin(plan, known), known, SANTIAGO)
    return changes


def test_a_date_is_midnight_in_the_zone_of_the_tenant() -> None:
    plan = plan_of("start: S\ncatch: W | time== order.promised_on\nend: E\nS > W > E")

    [waiting] = begun(plan, {"order": {"promised_on": "2030-06-10"}}).new_tokens

    assert waiting.place.due_at == datetime(2030, 6, 10, 4, tzinfo=UTC)


def test_a_tasks_times_are_those_of_the_zone_too() -> None:
    plan = plan_of("start: S\nuser: U | group=g, due=2030-06-10, follow_up=2030-06-09\nend: E\nS > U > E")

    [task] = begun(plan, {}).new_tasks

    assert (task.due_at, task.follow_up_at) == (
        datetime(2030, 6, 10, 4, tzinfo=UTC),
        datetime(2030, 6, 9, 4, tzinfo=UTC),
    )


def test_a_cycle_that_fires_late_keeps_the_minute_at_which_it_was_set_up() -> None:
    plan = plan_of(CYCLE)
    step = interpreter.begin(plan, {})
    tokens = applied({}, step)
    armed = next(token for token in tokens.values() if token.waits is Waits.TIME)
    set_up = datetime.now(UTC) - timedelta(hours=1, minutes=7)
    rows = {
        number: TokenRow(token_id=number, version=1, token=token, since=set_up if token is armed else None)
        for number, token in tokens.items()
    }
    changes = Changes()

    write_step(
        changes, plan, uuid.uuid4(), rows, interpreter.step(plan, tokens, TimerFired(token=armed.id), {}), {}, UTC
    )

    [again] = [moved.place for moved in changes.moved_tokens if moved.token_id == armed.id]
    assert (again.remaining, again.since) == (2, set_up)
    assert again.due_at == set_up + timedelta(hours=2)


def test_a_new_timer_counts_from_now() -> None:
    before = datetime.now(UTC)

    armed = next(new.place for new in begun(plan_of(CYCLE), {}).new_tokens if new.place.waits is Waits.TIME)

    assert armed.since is not None
    assert armed.due_at is not None
    assert before <= armed.since <= datetime.now(UTC)
    assert armed.due_at - armed.since == timedelta(hours=1)


def test_each_task_of_a_multi_instance_activity_knows_its_element() -> None:
    plan = plan_of(
        "start: S\nsub: P | many=parallel, each=data.lines, as=line {\nuser: Pick | group=g\n}\nend: E\nS > P > E"
    )

    tasks = begun(plan, {"data": {"lines": [{"sku": "A"}, {"sku": "B"}]}}).new_tasks

    assert [(task.element, task.element_name, task.item) for task in tasks] == [
        ({"sku": "A"}, "line", 0),
        ({"sku": "B"}, "line", 1),
    ]


BY_RULE = {"tasks": {"U": {"group": '= order.payable > 100 ? "managers" : data.team'}}}
ONE_TASK = "start: S\nuser: U\nend: E\nS > U > E"


@pytest.mark.parametrize(("payable", "group"), [(101, "managers"), (99, "sales")])
def test_a_group_may_be_a_rule(payable: int, group: str) -> None:
    [task] = begun(plan_of(ONE_TASK, **BY_RULE), {"order": {"payable": payable}, "data": {"team": "sales"}}).new_tasks

    assert task.team == group


@pytest.mark.parametrize("team", [None, "", 7])
def test_a_rule_that_gives_no_group_stops_the_order(team: object) -> None:
    with pytest.raises(ProcessError) as stopped:
        begun(plan_of(ONE_TASK, **BY_RULE), {"order": {"payable": 1}, "data": {"team": team}})
    assert stopped.value.code == "unknown_fact"


@pytest.mark.parametrize("rule", ["= order.payable > 1", "= order.nothing", "= 1 +"])
def test_a_group_that_is_no_rule_for_a_text_is_unbound(rule: str) -> None:
    report = report_of(ONE_TASK, tasks={"U": {"group": rule}})

    assert report.verdict is Verdict.UNBOUND


def test_a_completed_instance_leaves_the_tasks_of_the_others() -> None:
    plan = plan_of("start: S\nuser: U | group=g, many=parallel, each=data.list\nend: E\nS > U > E")
    known = {"data": {"list": [1, 2]}}
    step = interpreter.begin(plan, known)
    tokens = applied({}, step)
    rows = {number: TokenRow(token_id=number, version=1, token=token) for number, token in tokens.items()}
    first = min(number for number, token in tokens.items() if token.item == 0)
    changes = Changes()

    write_step(
        changes, plan, uuid.uuid4(), rows, interpreter.step(plan, tokens, TaskCompleted(token=first), known), known, UTC
    )

    assert changes.new_tasks == []
    assert changes.cancelled_tasks == [first]
