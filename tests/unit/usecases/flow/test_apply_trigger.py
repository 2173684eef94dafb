"""The writes of a step of an order with several tokens."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.orders import OrderFile
from tests.unit.support.fakes import FakeApi, FakeMachines, FakeQueues, FakeStore, current_token, leased

from mtd.domain.business_zone import business_zone
from mtd.domain.errors import RetryableError
from mtd.domain.orders import ubl
from mtd.engine.compiler import importing
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import TaskCompleted, Token, Waits, applied
from mtd.engine.runtime import interpreter
from mtd.usecases.flow.apply_trigger import write_step
from mtd.usecases.flow.changes import Changes, Row, ThrownSignal
from mtd.usecases.flow.effects import EffectResult, StateRun
from mtd.usecases.flow.route_order import TransitionMessage, route_order
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.tokens import CurrentToken, LeasedToken, TokenReference, TokenRow
from mtd.usecases.flow.trace import hop
from mtd.usecases.processes.import_processes import STATES

RUN = StateRun(function="f", request_id="r", parallel=1)
HERE = hop("Lambda", "route_order")
PARALLEL = """
    start: Order came
    service: Validation
    and: Split
    service: Reserve | binding=api:/states/allocation, retries=1
    user: Approve | group=sales, due=PT4H, priority=high
    and: Join
    catch: Wait | time=PT20M
    end: Completed
    Order came > Validation > Split > Reserve > Join > Wait > Completed
    Split > Approve > Join
"""


def plan_of(text: str) -> Plan:
    return importing.compile_plan(bpmn(draw(text)), "test", STATES)


def token_rows(*tokens: Token) -> list[TokenRow]:
    return [TokenRow(token_id=100 + token.id, version=5, token=token) for token in tokens]


def run(store: FakeStore, one: LeasedToken, state: str) -> Changes:
    run_state(state, [TokenReference(token_id=one.token_id, version=one.version)], lambda _: EffectResult(), store, RUN)
    return store.committed[one.token_id]


def test_a_split_moves_one_token_and_makes_another_with_its_task() -> None:
    store = FakeStore(tokens=[one := leased("validation")], plan=plan_of(PARALLEL))
    before = datetime.now(UTC)

    changes = run(store, one, "validation")

    [moved], [made], [task] = changes.moved_tokens, changes.new_tokens, changes.new_tasks
    assert (moved.token_id, moved.place.node, moved.place.server) == (1, "reserve", "allocation")
    assert (made.ordinal, made.place.node, made.place.waits) == (2, "approve", "person")
    assert (task.ordinal, task.team, task.priority) == (2, "sales", "high")
    assert task.due_at is not None
    assert before <= task.due_at - timedelta(hours=4) <= datetime.now(UTC)
    assert changes.events[0].to_state == "reserve, approve"


def test_a_join_takes_the_tokens_of_others_with_their_own_versions() -> None:
    waiting = Token(id=2, node="join", waits=Waits.JOIN, via="Approve-Join")
    store = FakeStore(tokens=[one := leased("reserve")], plan=plan_of(PARALLEL), beside=token_rows(waiting))

    changes = run(store, one, "reserve")

    written: list[Row] = [*changes.moved_tokens, *changes.deleted_tokens]
    assert {(row.token_id, row.version) for row in written} == {(1, 3), (102, 5)}
    assert [moved.place.waits for moved in changes.moved_tokens] == [Waits.TIME]
    due_at = changes.moved_tokens[0].place.due_at
    assert due_at is not None
    assert due_at > datetime.now(UTC) + timedelta(minutes=19)


@pytest.mark.parametrize(("attempts", "kind"), [(1, "retried"), (2, "failed")])
def test_a_task_is_tried_as_often_as_its_diagram_says(attempts: int, kind: str) -> None:
    def slow(_: LeasedToken) -> EffectResult:
        raise RetryableError("slow", code="timed_out")

    store = FakeStore(tokens=[leased("reserve", attempts=attempts)], plan=plan_of(PARALLEL))

    answer = run_state("reserve", [TokenReference(token_id=1, version=3)], slow, store, RUN)

    assert answer[kind] == 1
    # Nothing catches the failure: all of the order is an exception.
    assert [end.outcome for end in store.committed[1].order_ends] == ["exception"] * (kind == "failed")


def due(node: str) -> CurrentToken:
    return current_token(node, Waits.TIME)


def test_a_timer_that_is_due_moves_its_order_on() -> None:
    order = ubl.parse_order(OrderFile(number="N").xml().encode())
    store = FakeStore(current_tokens=[due("wait")], plan=plan_of(PARALLEL), order=order)
    message = TransitionMessage(
        message_id="m", references=(TokenReference(token_id=1, version=3),), hop=hop("SQS", "transitions")
    )
    api = FakeApi()

    assert route_order([message], store, api, FakeMachines(), FakeQueues(), HERE) == []

    changes = store.committed[1]
    assert api.calls == []
    assert (changes.events[0].what, changes.events[0].to_state) == ("time has come", "completed")
    assert changes.order_ends[0].outcome == "completed"


def fired(store: FakeStore) -> None:
    references = (TokenReference(token_id=1, version=3), TokenReference(token_id=2, version=3))
    message = TransitionMessage(message_id="m", references=references, hop=hop("SQS", "transitions"))
    assert route_order([message], store, FakeApi(), FakeMachines(), FakeQueues(), HERE) == []


def test_a_timer_that_breaks_in_an_unknown_way_takes_no_other_along() -> None:
    order = ubl.parse_order(OrderFile(number="N").xml().encode())
    bad, good = (
        replace(due("gone"), token_id=1),
        replace(due("wait"), token_id=2),
    )
    store = FakeStore(current_tokens=[bad, good], plan=plan_of(PARALLEL), order=order)

    fired(store)

    assert (store.committed[1].incidents[0].code, store.committed[1].order_ends[0].outcome) == (
        "unexpected",
        "exception",
    )
    assert store.committed[2].events[0].what == "time has come"


def test_a_timer_whose_commit_postgresql_refuses_fails_alone() -> None:
    order = ubl.parse_order(OrderFile(number="N").xml().encode())
    tokens = [
        replace(due("wait"), token_id=1),
        replace(due("wait"), token_id=2),
    ]
    store = FakeStore(
        current_tokens=tokens,
        plan=plan_of(PARALLEL),
        order=order,
        refuses=lambda changes: any(
            event.order_id == tokens[0].order_id and event.what == "time has come" for event in changes.events
        ),
    )

    fired(store)

    assert store.committed[1].incidents[0].code == "unstorable"
    assert store.committed[2].events[0].what == "time has come"


def test_a_timer_asks_the_order_and_what_the_process_has_found() -> None:
    plan = plan_of("start: S\ncatch: W | time== data.until\nend: E\nS > W > E")
    changes, known = Changes(), {"data": {"until": "2030-01-01"}}

    write_step(changes, plan, uuid.uuid4(), {}, interpreter.begin(plan, known), known, business_zone())

    assert changes.new_tokens[0].place.due_at == datetime(2030, 1, 1, 3, tzinfo=UTC)


def test_work_that_an_event_interrupts_is_taken_from_people() -> None:
    plan = plan_of("start: S\nuser: U | group=g\nboundary: Late | on=U, time=PT1H\nend: E\nend: F\nS > U > E\nLate > F")
    order = ubl.parse_order(OrderFile(number="N").xml().encode())
    host, armed = Token(id=2, node="u", waits=Waits.PERSON), Token(id=1, node="late", waits=Waits.TIME, host=2)
    store = FakeStore(current_tokens=[due("late")], plan=plan, order=order, beside=token_rows(host))
    store.own = armed
    message = TransitionMessage(
        message_id="m", references=(TokenReference(token_id=1, version=3),), hop=hop("SQS", "transitions")
    )

    route_order([message], store, FakeApi(), FakeMachines(), FakeQueues(), HERE)

    changes = store.committed[1]
    assert changes.cancelled_tasks == [102]
    assert changes.order_ends[0].outcome == "f"


INSTANCES = """
    start: S
    user: Check | group=g, many=parallel, each=data.list, as=each, due== each.by
    catch: Back | signal=stock_is_back
    end: E
    S > Check > Back > E
"""


def test_each_instance_is_written_with_its_element_and_then_with_its_values() -> None:
    plan, order_id = plan_of(INSTANCES), uuid.uuid4()
    elements = [{"by": "2030-01-01"}, {"by": "2030-01-02"}]
    begun, known = Changes(), {"data": {"list": elements}}
    step = interpreter.begin(plan, known)

    write_step(begun, plan, order_id, {}, step, known, business_zone())

    checks = [new for new in begun.new_tokens if new.place.waits is Waits.PERSON]
    assert [(new.place.item, new.place.element) for new in checks] == [(0, elements[0]), (1, elements[1])]
    assert [task.due_at for task in begun.new_tasks] == [datetime(2030, 1, day, 3, tzinfo=UTC) for day in (1, 2)]

    tokens = applied({}, step)
    rows = {number: TokenRow(token_id=100 + number, version=1, token=token) for number, token in tokens.items()}
    first, answered = checks[0].ordinal, Changes()
    step = interpreter.step(plan, tokens, TaskCompleted(token=first, values={"ok": True}), known)
    write_step(answered, plan, order_id, rows, step, known, business_zone())

    done = next(moved.place for moved in answered.moved_tokens if moved.token_id == 100 + first)
    assert (done.waits, done.element, done.own_values) == (Waits.DONE, None, {"ok": True})
    assert answered.values == []

    last, tokens = Changes(), applied(tokens, step)
    rows = {number: TokenRow(token_id=100 + number, version=2, token=token) for number, token in tokens.items()}
    step = interpreter.step(plan, tokens, TaskCompleted(token=checks[1].ordinal), known)
    write_step(last, plan, order_id, rows, step, known, business_zone())

    [place] = [moved.place for moved in last.moved_tokens] + [new.place for new in last.new_tokens]
    assert (place.node, place.waits, place.message) == ("back", Waits.SIGNAL, "stock_is_back")
    assert last.values[0].data == {"ok": [True, None]}


SIGNALS = """
    start: S
    user: A | group=g
    throw: Told | signal=stock
    catch: Back | signal=stock
    end: E
    S > A > Told > Back > E
"""


def test_a_thrown_signal_is_told_to_other_orders() -> None:
    plan, order_id, changes = plan_of(SIGNALS), uuid.uuid4(), Changes()
    tokens = applied({}, interpreter.begin(plan, {}))
    rows = {number: TokenRow(token_id=100 + number, version=1, token=token) for number, token in tokens.items()}

    write_step(
        changes, plan, order_id, rows, interpreter.step(plan, tokens, TaskCompleted(token=1), {}), {}, business_zone()
    )

    assert changes.signals == [ThrownSignal(order_id=order_id, signal="stock")]
    assert [(moved.place.node, moved.place.message) for moved in changes.moved_tokens] == [("back", "stock")]


def test_an_order_that_waits_for_the_signal_goes_on() -> None:
    order = ubl.parse_order(OrderFile(number="N").xml().encode())
    waiting = replace(due("back"), waits=Waits.SIGNAL)
    store = FakeStore(current_tokens=[waiting], plan=plan_of(SIGNALS), order=order)
    message = TransitionMessage(
        message_id="m", references=(TokenReference(token_id=1, version=3),), hop=hop("SQS", "transitions")
    )

    assert route_order([message], store, FakeApi(), FakeMachines(), FakeQueues(), HERE) == []

    changes = store.committed[1]
    assert (changes.events[0].what, changes.events[0].to_state) == ("signal received", "e")


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-12-18", datetime(2026, 12, 18, 3, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 7, 1, 4, tzinfo=UTC)),
        ("2026-12-18T09:30:00", datetime(2026, 12, 18, 12, 30, tzinfo=UTC)),
        ("2026-12-18T09:30:00Z", datetime(2026, 12, 18, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_date_is_one_of_chile(time: str, expected: datetime) -> None:
    """Three hours behind UTC in summer, four in winter: a date of UTC would begin on the evening before."""
    drawn = f"""
        start: Order came
        service: Validation
        catch: Wait | time={time}
        end: Completed
        Order came > Validation > Wait > Completed
    """
    store = FakeStore(tokens=[one := leased("validation")], plan=plan_of(drawn))
    [moved] = run(store, one, "validation").moved_tokens
    assert moved.place.due_at == expected
