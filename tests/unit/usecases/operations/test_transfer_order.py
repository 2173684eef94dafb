"""The writes for an order that goes to another version: rows, messages, tasks; its way back; the rehearsal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.cases import plan_of
from tests.support.orders import OrderFile
from tests.unit.usecases.operations.test_rollout import FakeOperations
from tests.unit.usecases.states.test_effects import FakeLegacy, FakePaperless

from mtd.domain.errors import Conflict, InvalidRequest, MtdError, NotFound
from mtd.domain.json_types import Json
from mtd.domain.orders import ubl
from mtd.domain.orders.order import to_json
from mtd.engine.model.plan import CANCELLATION, Plan
from mtd.engine.model.tokens import Token, Tokens, Waits
from mtd.engine.runtime.transfer import NodeMapping, VersionTransfer
from mtd.entrypoints.requests.transfers import read_migration_request
from mtd.usecases.flow.changes import Wakeup
from mtd.usecases.flow.tokens import LockedOrder, TokenReference, TokenRow
from mtd.usecases.operations.bulk_operations import work_off
from mtd.usecases.operations.correct_order import LegacySystems
from mtd.usecases.operations.order_actions import (
    Decision,
    OpenIncident,
    OrderBusy,
    OrderUnderAction,
    OrderUpdate,
    Positions,
    TransferredTask,
)
from mtd.usecases.operations.rollout import Operation
from mtd.usecases.operations.transfer_order import OrderTransfer, transfer_order

ORDER = ubl.parse_order(OrderFile(number="N-1").xml().encode())
ENTERED = datetime(2026, 9, 7, 10, tzinfo=UTC)
OLD = plan_of("start: S\nservice: A\nuser: P | group=g\ncatch: W | time=PT1H\nend: E\nS > A > P > W > E")
NEW = plan_of(
    "start: S\nservice: B\nuser: Q | group=h\nboundary: L | on=Q, time=PT4H\ncatch: W | time=PT3H\nend: E\n"
    "S > B > Q > W > E\nL > E"
)
MAP = {"a": "b", "p": "q"}
FAILED = OpenIncident(incident_id=1, state="x", snapshot=None)


def order(tokens: Tokens, **other: Any) -> OrderUnderAction:
    known: dict[str, Any] = {
        "order": ORDER,
        "document": to_json(ORDER),
        "number": "N-1",
        "revision": 3,
        "leased": frozenset(),
        "due_seconds": {100 + number: 30.5 for number in tokens},
        "plan": OLD,
        "process_version_id": 1,
        "entered_at": {100 + number: ENTERED for number in tokens},
        "outcome": None,
        "incidents": (),
        "locked": LockedOrder(
            zone=UTC,
            order_id=ORDER.order_id,
            values={},
            order=ORDER,
            suspended=other.pop("suspended", False),
            rows={n: TokenRow(token_id=100 + n, version=4, token=token) for n, token in tokens.items()},
        ),
    }
    return OrderUnderAction(**{**known, **other})


def moving(old: Plan = OLD, new: Plan = NEW, *, dry_run: bool = False, **nodes: str) -> OrderTransfer:
    operation = Operation(
        operation_id=1,
        action="migrate",
        person="ana",
        reason="why",
        canary=None,
        rate=None,
        stop_at=None,
        dry_run=dry_run,
        arguments={"process": "p", "from": 1, "to": 2, "from_id": 1, "to_id": 2, "map": nodes or MAP},
    )
    versions = VersionTransfer(old, new, NodeMapping(nodes=nodes or MAP))
    return OrderTransfer(operation=operation, versions=versions, old=old, new=new, old_id=1, new_id=2)


def migrate(operated: OrderUnderAction, earlier: Positions | None = None, how: OrderTransfer | None = None) -> Decision:
    return transfer_order(how or moving(), operated, earlier, "operate_order")


def test_every_token_gets_a_new_version_and_is_looked_at_in_its_own_time() -> None:
    decision = migrate(order(run_to("a")))

    [row] = decision.transferred_tokens
    assert (row.token_id, row.version, row.node, row.server) == (101, 4, "b", None)
    assert decision.changes.wakeups == [Wakeup(token_id=101, version=5, delay_seconds=31)]
    assert decision.update == OrderUpdate(order_id=ORDER.order_id, process_version_id=2)
    [event] = decision.changes.events
    assert (event.what, event.from_state, event.to_state) == ("migrate", "a", "b")
    assert event.detail["to_version"] == 2
    assert (decision.changes.moved_tokens, decision.changes.new_tokens, decision.changes.deleted_tokens) == ([], [], [])


def test_a_persons_task_is_carried_and_what_the_new_version_arms_runs_from_when_it_began() -> None:
    decision = migrate(order(run_to("p")))

    assert decision.transferred_tasks == [TransferredTask(token_id=101, node="q", name="Q", team="h", form=None)]
    [armed] = decision.changes.new_tokens
    assert (armed.place.node, armed.place.host) == ("l", 1)
    assert armed.place.due_at == ENTERED + timedelta(hours=4)
    assert decision.changes.wakeups == []


def test_a_timer_keeps_its_moment_unless_its_time_is_another() -> None:
    [row] = migrate(order(run_to("w"))).transferred_tokens
    assert row.due_at == ENTERED + timedelta(hours=3)

    soon = datetime.now(UTC) - timedelta(hours=3) + timedelta(seconds=20)
    [look] = migrate(order(run_to("w"), entered_at={101: soon})).changes.wakeups
    assert look.delay_seconds in (19, 20)

    decision = migrate(order(run_to("w")), how=moving(OLD, OLD))
    assert decision.transferred_tokens[0].due_at is None
    assert decision.changes.wakeups[0].delay_seconds == 31
    far = order(run_to("w"), due_seconds={101: 5000.0})
    assert migrate(far, how=moving(OLD, OLD)).changes.wakeups == []


def test_back_again_only_as_long_as_it_stands_where_it_was_put() -> None:
    forth = migrate(order(run_to("p")))
    assert forth.positions == Positions(before={"1": "p"}, after={"1": "q", "2": "l"})
    after = {
        1: Token(id=1, node="q", waits=Waits.PERSON),
        2: Token(id=2, node="l", waits=Waits.TIME, host=1),
    }
    back = moving(NEW, OLD, q="p")
    decision = migrate(order(after), forth.positions, back)

    assert [row.node for row in decision.transferred_tokens] == ["p"]
    assert decision.changes.deleted_tokens == [TokenReference(token_id=102, version=4)]
    assert decision.transferred_tasks[0].team == "g"
    with pytest.raises(Conflict) as refused:
        migrate(order({1: replace(after[1], node="w", waits=Waits.TIME)}), forth.positions, back)
    assert refused.value.code == "moved_on"


@pytest.mark.parametrize(
    ("operated", "code"),
    [
        (lambda: order({}, outcome="exception"), "order_ended"),
        (lambda: order(run_to("a"), process_version_id=7), "other_version"),
        (lambda: order({1: Token(id=1, node=CANCELLATION, waits=Waits.SERVICE)}), "being_cancelled"),
        (lambda: order(run_to("a"), incidents=(FAILED,)), "open_incident"),
        (lambda: order(run_to("a"), leased=frozenset({101})), "in_work"),
    ],
)
def test_an_order_that_is_not_in_flight_there_stays(operated: Any, code: str) -> None:
    with pytest.raises(MtdError) as refused:
        migrate(operated())
    assert refused.value.code == code


def test_a_rehearsal_does_not_wait_for_who_works_on_an_order() -> None:
    busy = order(run_to("a"), leased=frozenset({101}))
    assert migrate(busy, how=moving(dry_run=True)).places == "b"
    with pytest.raises(OrderBusy):
        migrate(busy)


def test_the_rehearsals_decision_is_what_the_move_does() -> None:
    """On a slice of orders everywhere on the way, with a map that leaves one place out."""
    each = {n: order(run_to("apw"[n % 3])) for n in range(1, 40)}
    results = []
    for dry_run in (True, False):
        operations = Migrating(moving(dry_run=dry_run, a="b").operation, each)
        assert work_off(1, operations, SYSTEMS, "operate_order")
        results.append(operations.results)

    assert results[0] == results[1]
    assert set(results[0].values()) == {"done", "refused"}


class Migrating(FakeOperations):
    def plans(self, ids: Any) -> dict[int, Plan]:
        assert list(ids) == [1, 2]
        return {1: OLD, 2: NEW}


SYSTEMS = LegacySystems(
    gift_cards=FakeLegacy(), eom=FakeLegacy(), paperless=FakePaperless(), sales_support=FakeLegacy()
)


def run_to(place: str) -> dict[int, Token]:
    waits = {"a": Waits.SERVICE, "p": Waits.PERSON, "w": Waits.TIME}
    assert place in OLD.nodes
    return {1: Token(id=1, node=place, waits=waits[place])}


def find(process: str, number: int) -> tuple[int, Plan] | None:
    return {("p", 1): (11, OLD), ("p", 2): (12, NEW)}.get((process, number))


ASKED: Json = {"mode": "run", "from": 1, "to": 2, "map": {"a": "b"}, "person": "ana", "reason": "why"}
DONE = {
    "action": "migrate",
    "dry_run": False,
    "status": "finished",
    "arguments": {"process": "p", "from": 1, "to": 2, "from_id": 11, "to_id": 12, "map": {"a": "b"}},
}


def test_requests_for_a_migration_are_checked() -> None:
    new = read_migration_request("p", ASKED, find, lambda _: {})
    assert (new.selection.version, new.dry_run, new.arguments["to_id"]) == (11, False, 12)
    assert read_migration_request("p", ASKED | {"mode": "rehearse"}, find, lambda _: {}).dry_run
    back = read_migration_request("p", ASKED | {"mode": "reverse", "operation_id": 9}, find, lambda _: DONE)
    assert (back.selection.migrated_by, back.arguments["from"], back.arguments["map"]) == (9, 2, {"b": "a"})
    for wrong in (
        {"mode": "x"},
        {"person": ""},
        {"reason": " "},
        {"to": 1},
        {"from": True},
        {"map": {"z": "b"}},
        {"map": {"a": "z"}},
        {"map": {"a": 1}},
        {"mode": "reverse"},
        {"canary": 0},
    ):
        with pytest.raises(InvalidRequest):
            read_migration_request("p", ASKED | wrong, find, lambda _: {})
    with pytest.raises(NotFound):
        read_migration_request("p", ASKED | {"to": 3}, find, lambda _: {})
    for done in ({"dry_run": True}, {"status": "running"}, {"action": "retry"}):
        operations = {9: DONE | done}
        with pytest.raises(Conflict):
            read_migration_request("p", ASKED | {"mode": "reverse", "operation_id": 9}, find, operations.__getitem__)
