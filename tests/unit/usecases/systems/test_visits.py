"""Each visit of a task that calls a system has a number, which names its call."""

import uuid
from datetime import UTC

from tests.unit.support.fraud import imported

from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, TokenChanges, Waits, token_from_json, token_json
from mtd.usecases.flow.apply_trigger import write_step
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.tokens import VisitCounter
from mtd.usecases.systems.call_system import idempotency_key

NODE = "check_fraud"


def plan() -> Plan:
    found = imported().plan
    assert found is not None
    return found


def waiting(token_id: int = 1, **more: object) -> Token:
    return Token(id=token_id, node=NODE, waits=Waits.SERVICE, **more)  # type: ignore[arg-type]


def test_visits_of_a_task_are_counted_from_one() -> None:
    first, second = waiting(1), waiting(2)
    counter = VisitCounter(plan(), {1: first, 2: second}, {})

    assert [counter.numbered(first).visit, counter.numbered(second).visit] == ["1", "2"]
    assert VisitCounter(plan(), {1: first}, counter.new).numbered(first).visit == "3"


def test_a_token_that_is_put_back_keeps_its_visit() -> None:
    failed = token_from_json(token_json(waiting(visit="1")))
    counter = VisitCounter(plan(), {1: failed}, {NODE: 1})

    assert counter.numbered(failed).visit == "1"
    assert counter.new == {}


def test_instances_are_counted_each_by_itself() -> None:
    outer = Token(id=1, node=NODE, waits=Waits.INSIDE, item=4)
    instances = [waiting(2, scope=1, item=0), waiting(3, scope=1, item=1)]
    counter = VisitCounter(plan(), {1: outer, 2: instances[0], 3: instances[1]}, {f"{NODE}[4.0]": 1})

    assert [counter.numbered(each).visit for each in instances] == ["4.0.2", "4.1.1"]


def test_only_tasks_that_call_a_system_are_counted() -> None:
    elsewhere = Token(id=1, node="done", waits=Waits.SERVICE)
    person = Token(id=2, node=NODE, waits=Waits.PERSON)
    counter = VisitCounter(plan(), {1: elsewhere, 2: person}, {})

    assert (counter.numbered(elsewhere), counter.numbered(person), counter.new) == (elsewhere, person, {})


def test_a_step_writes_the_visit_with_the_token_and_with_the_order() -> None:
    changes, order_id = Changes(), uuid.UUID(int=7)

    write_step(changes, plan(), order_id, {}, TokenChanges(placed=(waiting(),)), {}, UTC, visits={NODE: 2})

    [token] = changes.new_tokens
    assert (token.place.visit, token.place.server) == ("3", "system:fraud")
    [visits] = changes.visits
    assert (visits.order_id, visits.visits) == (order_id, {NODE: 3})


def test_a_key_names_order_task_instance_and_visit() -> None:
    assert idempotency_key(uuid.UUID(int=7), NODE, "0.3.1") == f"{uuid.UUID(int=7)}:{NODE}:0.3.1"
    # Visits are counted from 1, so that no visit has the key of a token that was never counted.
    assert idempotency_key(uuid.UUID(int=7), NODE, None) == f"{uuid.UUID(int=7)}:{NODE}:0"
