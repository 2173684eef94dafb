"""The pace of an operation on many orders: rate, canary, the failures at which it stops; and what asks for one."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.unit.support.fakes import PLAN
from tests.unit.support.operated import order, service, systems

from mtd.domain.errors import Conflict, InvalidRequest, UnstorableError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.entrypoints.requests.operations import read_operation_request
from mtd.usecases.flow.changes import Changes
from mtd.usecases.operations.bulk_operations import (
    ItemResult,
    NewOperation,
    OperationItem,
    Selection,
    selection_problem,
    work_off,
)
from mtd.usecases.operations.order_actions import Decision, OrderUnderAction
from mtd.usecases.operations.rollout import Operation, Progress


@dataclass(slots=True)
class FakeOrdersUnderAction:
    """Serves `bulk_operations.OrdersUnderAction`."""

    orders: dict[int, OrderUnderAction]
    results: dict[int, str] = field(default_factory=dict)

    def order(self, item: OperationItem) -> OrderUnderAction | None:
        return self.orders[item.position]

    def write(self, decision: Decision) -> None:
        assert decision.changes.events

    def wake(self, changes: Changes) -> None:
        assert not changes.events

    def finish(self, item: OperationItem, result: ItemResult) -> None:
        self.results[item.position] = result.status


@dataclass(slots=True)
class FakeOperations:
    """One operation whose orders are `each` as they stand; keeps how it was given back."""

    operation: Operation
    each: dict[int, OrderUnderAction]
    results: dict[int, str] = field(default_factory=dict)
    released: list[tuple[str, str | None, int]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    tries: dict[int, int] = field(default_factory=dict)
    came_back: int = 0
    unsettled: int = 0
    quiet_seconds: float = 0
    unstorable: int | None = None

    def create(self, new: NewOperation, most: int) -> tuple[int, list[tuple[str, str]]]:
        raise NotImplementedError

    def lease(self, operation_id: int) -> Operation | None:
        return self.operation if operation_id == self.operation.operation_id else None

    def pending(self, operation_id: int, limit: int) -> list[OperationItem]:
        assert operation_id == 1
        left = [n for n in self.each if self.results.get(n, "pending") == "pending"]
        self.sizes.append(len(left[:limit]))
        return [
            OperationItem(position=n, order_id=uuid.UUID(int=n), number=str(n), revision=3, tries=self.tries.get(n, 0))
            for n in left[:limit]
        ]

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]:
        return dict.fromkeys(ids, PLAN)

    @contextmanager
    def orders_under_action(
        self, operation: Operation, items: Sequence[OperationItem]
    ) -> Iterator["FakeOrdersUnderAction"]:
        assert operation == self.operation
        unit = FakeOrdersUnderAction({item.position: self.each[item.position] for item in items})
        yield unit
        if unit.results.get(self.unstorable or 0) == "done":
            raise UnstorableError("no")
        self.results |= unit.results

    def progress(self, operation: Operation) -> Progress:
        assert operation == self.operation
        results = list(self.results.values())
        return Progress(
            total=len(self.each),
            pending=len(self.each) - len(results) + results.count("pending"),
            done=results.count("done"),
            refused=results.count("refused"),
            came_back=self.came_back,
            unsettled=self.unsettled,
            quiet_seconds=self.quiet_seconds,
        )

    def release(self, operation_id: int, *, status: str, why: str | None, delay_seconds: int) -> None:
        assert operation_id == 1
        self.released.append((status, why, delay_seconds))

    def stop(self, operation_id: int, person: str) -> bool:
        raise NotImplementedError


def many(count: int, bad: int = 0, **knobs: Any) -> FakeOperations:
    known: dict[str, Any] = {
        "dry_run": False,
        "canary": None,
        "rate": None,
        "stop_at": None,
        "arguments": {},
        "action": "retry",
    }
    operation = Operation(operation_id=1, person="ana", reason="why", **{**known, **knobs})
    return FakeOperations(operation, {n: order(state=None if n <= bad else "allocation") for n in range(1, count + 1)})


def work(operations: FakeOperations) -> tuple[str, str | None, int]:
    assert work_off(1, operations, systems(uuid.uuid4()), "operate_order")
    return operations.released[-1]


def test_every_order_of_an_operation_has_a_result() -> None:
    operations = many(120, bad=3)

    assert work(operations) == ("running", None, 0)
    assert work(operations) == ("finished", None, 0)
    assert operations.sizes == [100, 20]
    assert [operations.results[n] for n in (1, 3, 4, 120)] == ["refused", "refused", "done", "done"]
    assert not work_off(2, operations, systems(uuid.uuid4()), "f")


def test_an_order_that_cannot_be_decided_takes_no_other_along() -> None:
    operations = many(3)
    operations.each[2] = replace(operations.each[2], incidents=None)  # type: ignore[arg-type]

    assert work(operations) == ("finished", None, 0)
    assert operations.results == {1: "done", 2: "refused", 3: "done"}


@pytest.mark.parametrize(("rate", "size", "delay"), [(0.5, 1, 2), (3, 3, 1), (2.5, 3, 2), (400, 100, 1)])
def test_a_rate_is_kept(rate: float, size: int, delay: int) -> None:
    operations = many(130, rate=rate)

    assert work(operations) == ("running", None, delay)
    assert operations.sizes == [size]


def test_it_stops_by_itself_when_too_many_fail_or_come_back() -> None:
    failing = many(200, bad=9, stop_at=0.3)
    assert work(failing)[0] == "stopped"
    assert failing.sizes == [25]

    returning = many(200, stop_at=0.3)
    assert work(returning)[0] == "running"
    returning.came_back = 9
    assert work(returning) == ("stopped", "9 of 25 orders failed, more than 30%", 0)

    assert work(many(200, bad=200, stop_at=0.1, dry_run=True))[0] == "running"


def test_a_canary_goes_first_and_is_watched() -> None:
    operations = many(50, canary=2, stop_at=0.5)
    assert work(operations)[0] == "running"
    operations.unsettled = 2
    assert work(operations) == ("running", None, 3)
    assert operations.sizes == [2]
    operations.quiet_seconds = 901
    assert work(operations)[0] == "stopped"
    operations.unsettled = 0
    assert work(operations)[0] == "running"
    assert operations.sizes == [2, 25]


def test_an_order_in_work_is_tried_again_and_then_given_up() -> None:
    operations = many(1, action="skip")
    operations.each[1] = order(service("allocation"), leased=frozenset({101}))

    assert work(operations)[0] == "running"
    operations.tries[1] = 1
    assert work(operations) == ("running", None, 2)
    operations.tries[1] = 45
    assert work(operations)[0] == "finished"
    assert operations.results == {1: "refused"}


def test_an_order_that_postgresql_refuses_is_refused_alone() -> None:
    operations = many(3)
    operations.unstorable = 2

    assert work(operations)[0] == "finished"
    assert operations.results == {1: "done", 2: "refused", 3: "done"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action": "explode"}, "action_unknown"),
        ({"reason": None}, "reason_missing"),
        ({"person": ""}, "request_malformed"),
        ({"numbers": []}, "selection_missing"),
        ({"numbers": ["a\n"]}, "numbers_malformed"),
        ({"order_ids": ["x"]}, "order_ids_malformed"),
        ({"canary": True}, "canary_malformed"),
        ({"canary": 0}, "canary_malformed"),
        ({"rate": 0}, "rate_malformed"),
        ({"rate": float("nan")}, "rate_malformed"),
        ({"stop_at": 1.1}, "stop_at_malformed"),
        ({"dry_run": "yes"}, "dry_run_malformed"),
        ({"action": "correct", "document": []}, "document_missing"),
        ({"action": "correct", "document": {"a": 1}, "numbers": ["1", "2"]}, "one_order_only"),
        ({"action": "move", "node": "x", "at": 3}, "at_malformed"),
        ({"tried": 7}, "selection_malformed"),
        ({"tried": "7", "numbers": None}, "tried_malformed"),
    ],
)
def test_a_wrong_request_is_refused(change: Json, code: str) -> None:
    body = {"action": "retry", "person": "ana", "reason": "why", "numbers": ["1"], **change}

    with pytest.raises(InvalidRequest) as refused:
        read_operation_request(body, TRIALS.__getitem__)
    assert refused.value.code == code


TRIALS: dict[int, Json] = {
    7: {"action": "move", "arguments": {"node": "dispatch"}, "dry_run": True, "status": "finished"},
    8: {"action": "move", "arguments": {"node": "dispatch"}, "dry_run": True, "status": "running"},
    9: {"action": "move", "arguments": {"node": "dispatch"}, "dry_run": False, "status": "finished"},
}


def test_an_operation_after_a_trial_takes_exactly_its_orders() -> None:
    body = {"action": "move", "node": "dispatch", "person": "ana", "reason": "why", "tried": 7}

    assert read_operation_request(body, TRIALS.__getitem__).selection == Selection(tried=7)
    for other in ({"tried": 8}, {"tried": 9}, {"node": "allocation"}, {"action": "cancel"}):
        with pytest.raises(Conflict) as refused:
            read_operation_request(body | other, TRIALS.__getitem__)
        assert refused.value.code == "not_tried"


def test_a_canary_stops_at_errors_unless_the_person_gave_another_share() -> None:
    body = {"action": "retry", "person": "ana", "reason": " why ", "numbers": ["1", "1"], "canary": 3}

    new = read_operation_request(body, TRIALS.__getitem__)

    assert (new.stop_at, new.reason, new.selection.numbers) == (0.2, "why", ("1",))


def test_a_selection_names_what_it_lacks() -> None:
    new = NewOperation(action="retry", person="a", reason="r", selection=Selection(numbers=("1", "2")))

    assert selection_problem(new, [("1", "x"), ("2", "y")]) is None
    assert "there is no order 2" in str(selection_problem(new, [("1", "x")]))
    everyone = replace(new, selection=Selection(state="exception"))
    assert getattr(selection_problem(everyone, []), "code", None) == "nothing_selected"
