"""What people may do to orders, without a database: verdicts, refusals, and the pace of many."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.orders import OrderFile
from tests.unit.mtd.fakes import PLAN, FakeWork, case
from tests.unit.mtd.test_effects import FakeLegacy, FakePaperless

from mtd.domain import ubl
from mtd.domain.errors import BusinessError, Conflict, InvalidRequest, MtdError, RetryableError, UnstorableError
from mtd.domain.order import to_json
from mtd.engine.plan import CANCELLATION, Plan
from mtd.engine.tokens import Token, Waits, token_json
from mtd.entrypoints.operation_requests import read_operation_request
from mtd.usecases.acts import Act, InWork, OpenIncident, Operated, Verdict
from mtd.usecases.cancel_order import CancelOrder, cancel_orders
from mtd.usecases.cases import Held, Json, Reference, Standing
from mtd.usecases.control_error import control_error
from mtd.usecases.correct_order import LegacySystems, effects_made
from mtd.usecases.dte_incident import notify_dte_incident, register_dte_incident
from mtd.usecases.operate_order import operate_order
from mtd.usecases.operations import Decide, Item, NewOperation, Selection, missing, work_off
from mtd.usecases.pace import Operation, Progress
from mtd.usecases.ports import IssuedDte
from mtd.usecases.run_state import run_state
from mtd.usecases.state_outcome import StateRun

ORDER = ubl.parse_order(OrderFile(number="N-1", gift_card="GC-1").xml().encode())
ENTERED = datetime(2026, 9, 7, 10, tzinfo=UTC)
RUN = StateRun(function="operate_order", request_id="r", parallel=1)


def stood(*tokens: Token, goes_on: bool = False) -> Json:
    return {"tokens": [token_json(token) for token in tokens], "goes_on": goes_on}


def service(node: str, token_id: int = 1) -> Token:
    return Token(id=token_id, node=node, waits=Waits.SERVICE)


def order(*standing: Token, state: str | None = None, **other: Any) -> Operated:
    """An order on its way with these tokens, or an exception that failed at `state`."""
    incident = OpenIncident(incident_id=7, state=state or "", stood=stood(service(state or "")))
    known: dict[str, Any] = {
        "order": ORDER, "document": to_json(ORDER), "number": "N-1", "revision": 3, "leased": frozenset(),
        "due_seconds": {100 + token.id: 30.0 for token in standing}, "plan": PLAN,
        "entered_at": {100 + token.id: ENTERED for token in standing}, "process_version_id": 1,
        "outcome": None if standing else "exception", "incidents": (incident,) if state else (),
        "held": Held(
            order_id=ORDER.order_id, values={}, order=ORDER, suspended=other.pop("suspended", False),
            standing={token.id: Standing(token_id=100 + token.id, version=4, token=token) for token in standing},
        ),
    }  # fmt: skip
    return Operated(**{**known, **other})


def decide(action: str, operated: Operated, made: frozenset[str] = frozenset(), **other: Any) -> Verdict:
    act = Act(action=action, person="ana", reason="why", **other)
    return operate_order(act, operated, operated.revision, made, "operate_order")


def refusal(action: str, operated: Operated, made: frozenset[str] = frozenset(), **other: Any) -> str:
    with pytest.raises(MtdError) as refused:
        decide(action, operated, made, **other)
    return refused.value.code


def test_a_retry_puts_the_order_back_and_resolves_its_incident() -> None:
    verdict = decide("retry", order(state="allocation"))

    [token] = verdict.changes.tokens
    assert (token["node"], token["waits"], verdict.rests) == ("allocation", "service", ("allocation",))
    assert (verdict.row["reopens"], verdict.resolved) == (True, [7])
    [event] = verdict.changes.events
    assert (event["what"], event["from_state"], event["to_state"]) == ("retry", "exception", "allocation")
    assert event["detail"] == {"by": "ana", "reason": "why"}


def test_an_incident_of_an_older_release_puts_its_one_token_back() -> None:
    old = OpenIncident(incident_id=7, state="dispatch", stood=None)

    assert decide("retry", order(incidents=(old,))).rests == ("dispatch",)


def test_beside_a_branch_that_goes_on_only_what_failed_is_put_back() -> None:
    failed = OpenIncident(incident_id=7, state="allocation", stood=stood(service("allocation")))

    verdict = decide("retry", order(service("sales_support"), incidents=(failed,)))
    assert [token["ordinal"] for token in verdict.changes.tokens] == [2]
    assert verdict.changes.moves == verdict.changes.ends == []
    twice = order(service("allocation"), incidents=(failed,))
    assert refusal("retry", twice) == "place_taken"
    going = replace(failed, stood=stood(service("allocation"), goes_on=True))
    assert refusal("retry", order(service("control_error"), incidents=(going,))) == "goes_on"


def test_what_somebody_else_has_changed_is_a_conflict() -> None:
    with pytest.raises(Conflict) as refused:
        operate_order(Act(action="retry", person="a", reason="r"), order(state="allocation"), 2, frozenset(), "f")
    assert refused.value.code == "order_changed"


@pytest.mark.parametrize(
    ("action", "operated", "code"),
    [
        ("retry", order(service("allocation")), "nothing_to_retry"),
        ("retry", order(), "nothing_to_retry"),
        ("retry", order(outcome="completed"), "order_ended"),
        ("move", order(), "never_on_its_way"),
        ("suspend", order(state="allocation"), "order_ended"),
        ("suspend", order(service("allocation"), suspended=True), "order_suspended"),
        ("resume", order(service("allocation")), "not_suspended"),
        ("cancel", order(outcome="cancelled"), "order_ended"),
        ("cancel", order(service(CANCELLATION)), "being_cancelled"),
        ("skip", order(service(CANCELLATION)), "being_cancelled"),
        ("skip", order(state=CANCELLATION), "being_cancelled"),
        ("skip", order(service("control_error")), "cannot_skip"),
        ("correct", order(service("allocation")), "order_on_its_way"),
    ],
)
def test_what_does_not_fit_the_orders_state_is_refused(action: str, operated: Operated, code: str) -> None:
    assert refusal(action, operated, node="allocation", document={"currency": "USD"}) == code


@pytest.mark.parametrize("action", ["move", "skip", "cancel", "correct"])
def test_an_order_that_is_worked_on_is_left_until_that_is_known(action: str) -> None:
    busy = order(service("allocation"), leased=frozenset({101}), suspended=True)

    with pytest.raises(InWork):
        decide(action, busy, node="dispatch", document={"gift_card": "GC-2"})


def test_a_move_and_a_skip_go_where_the_plan_says() -> None:
    moved = decide("move", order(service("allocation")), node="dispatch")
    [move] = moved.changes.moves
    assert (move["token_id"], move["version"], move["node"]) == (101, 4, "dispatch")

    skipped = decide("skip", order(state="validation"))
    assert skipped.rests == ("gift_card",)

    last = decide("skip", order(service("completion")))
    assert last.changes.order_ends[0]["outcome"] == "completed"


def test_a_resumed_order_is_looked_at_where_nobody_works_on_it() -> None:
    timer = Token(id=2, node="completion", waits=Waits.TIME)
    held = order(service("allocation"), timer, service("dispatch", 3), suspended=True, leased=frozenset({103}))

    changes = decide("resume", held).changes

    assert changes.retries == [{"token_id": 101, "version": 4, "delay_seconds": 0}]
    assert changes.looks == [{"token_id": 102, "version": 4, "delay_seconds": 31}]


@pytest.mark.parametrize(
    ("made", "fields", "code"),
    [
        ("redeem", {"gift_card": "GC-2"}, "redeem_made"),
        ("redeem", {"buyer": {"email": "x@example.cl"}}, None),
        ("dte", {"buyer": {"name": "Otra"}}, "dte_made"),
        ("dte", {"gift_card": "GC-2"}, None),
        ("ship", {"promised_on": "2026-12-24"}, "ship_made"),
        ("allocate", {"promised_on": "2026-12-24"}, None),
        ("", {"gift_card": "GC-1"}, "nothing_corrected"),
        ("", {"number": "N-2"}, "identity_changed"),
        ("", {"seller": {"id": "1"}}, "identity_changed"),
        ("", {"lines": []}, "no_lines"),
        ("", {"issued_on": 3}, "order_malformed"),
    ],
)
def test_a_correction_changes_only_what_nothing_rests_on(made: str, fields: Json, code: str | None) -> None:
    operated = order(state="sales_support")
    if code is not None:
        assert refusal("correct", operated, frozenset({made}), document=fields) == code
        return
    verdict = decide("correct", operated, frozenset({made}), document=fields)
    assert verdict.row["document"] != operated.document
    assert verdict.changes.events[0]["detail"]["new"]
    assert verdict.rests == ("sales_support",)


def test_the_incident_keeps_where_the_order_stood_and_what_was_asked() -> None:
    asked = {"path": "/allocations"}

    def refuse(_: object) -> Any:
        raise BusinessError("no", code="out_of_stock", payload=asked)

    work = FakeWork(cases=[one := case("allocation")])
    run_state("allocation", [Reference(token_id=1, version=3)], refuse, work, RUN)
    [move] = work.committed[1].moves
    work = FakeWork(cases=[replace(one, node="control_error", data=json.loads(json.dumps(move["data"])))])
    run_state("control_error", [Reference(token_id=1, version=3)], control_error, work, RUN)

    [incident] = work.committed[1].incidents
    assert (incident["kind"], incident["payload"]) == ("refused", asked)
    assert incident["stood"] == stood(service("allocation"))


@dataclass(slots=True)
class FakeCards(FakeLegacy):
    """Answers as each system would; `refuses` operations by their path's last part."""

    refuses: dict[str, MtdError] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Json | None, idempotency_key: str | None) -> Json:
        if method == "POST" and (error := self.refuses.get(path.rpartition("/")[2])) is not None:
            raise error
        return FakeLegacy.call(self, method, path, body, idempotency_key)


def systems(order_id: uuid.UUID, *made: str) -> LegacySystems:
    """Systems that have made these effects."""
    results = {
        "redeem": {"redemption_id": "R"}, "allocate": {"allocation_id": "A"},
        "ship": {"shipment_id": "S"}, "open": {"case_id": "C"},
    }  # fmt: skip
    done = {f"{order_id}:{each}": results[each] for each in made if each in results}
    issued = {f"{order_id}:dte": IssuedDte(document_type=39, folio=8, issued_at="2026-11-20")}
    return LegacySystems(
        gift_cards=FakeCards(done=dict(done)), eom=FakeCards(done=dict(done)), sales_support=FakeCards(done=dict(done)),
        paperless=FakePaperless(issued=issued if "dte" in made else {}),
    )  # fmt: skip


def cancelling(**other: Any) -> Any:
    return case(CANCELLATION, interrupted=True, gift_card="GC-1", data={"by": "ana", "reason": "why"}, **other)


def posts(world: LegacySystems) -> list[str]:
    calls = (world.eom, world.gift_cards, world.sales_support)
    return [path for system in calls if isinstance(system, FakeCards) for verb, path in system.calls if verb == "POST"]


def test_a_cancellation_undoes_what_was_done_each_once() -> None:
    one = cancelling()
    world = systems(one.order_id, "redeem", "allocate", "dte", "open")

    first, again = CancelOrder(world)(one), CancelOrder(world)(one)

    assert posts(world) == ["/allocations/A/cancel", "/redemptions/R/reverse", "/cases/C/notes"]
    assert isinstance(world.paperless, FakePaperless)
    [note] = world.paperless.requests
    assert (note.document_type, note.cancels) == (61, (39, 8))
    assert first.document == again.document
    assert first.document is not None
    assert first.document["refers_to_folio"] == 8


def test_a_legacy_systems_own_name_for_a_thing_leads_nowhere_else() -> None:
    one = cancelling()
    world = systems(one.order_id, "redeem")
    assert isinstance(world.gift_cards, FakeCards)
    world.gift_cards.done[f"{one.order_id}:redeem"] = {"redemption_id": "../../control?x=#"}

    CancelOrder(world)(one)

    assert posts(world) == ["/redemptions/..%2F..%2Fcontrol%3Fx%3D%23/reverse"]


def test_nothing_is_undone_that_was_not_done() -> None:
    one = cancelling()
    assert posts(empty := systems(one.order_id)) == []
    assert CancelOrder(empty)(one).document is None
    assert posts(empty) == []

    with pytest.raises(BusinessError, match="shipped"):
        CancelOrder(systems(one.order_id, "allocate", "ship"))(one)


@pytest.mark.parametrize(
    ("error", "attempts", "kind"),
    [
        (None, 1, "done"),
        (RetryableError("slow"), 1, "retried"),
        (RetryableError("slow"), 10, "failed"),
        (BusinessError("no", code="locked"), 1, "failed"),
    ],
)
def test_a_cancellation_ends_or_is_tried_again_or_rests_as_an_exception(
    error: MtdError | None, attempts: int, kind: str
) -> None:
    one = cancelling(attempts=attempts)
    world = systems(one.order_id, "redeem")
    assert isinstance(world.gift_cards, FakeCards)
    world.gift_cards.refuses = {"reverse": error} if error else {}
    work = FakeWork(cases=[one])

    answer = cancel_orders([Reference(token_id=1, version=3)], CancelOrder(world), work, RUN)

    assert answer[kind] == 1
    changes = work.committed[1]
    outcomes = [end["outcome"] for end in changes.order_ends]
    assert outcomes == {"done": ["cancelled"], "retried": [], "failed": ["exception"]}[kind]
    assert [incident["state"] for incident in changes.incidents] == ([CANCELLATION] if kind == "failed" else [])


def test_the_effects_of_an_order_are_asked_of_the_systems() -> None:
    assert effects_made(systems(ORDER.order_id, "redeem", "dte"), ORDER.order_id) == {"redeem", "dte"}


@dataclass(slots=True)
class FakeOperations:
    """One operation whose orders are `each` as they stand; keeps how it was given back."""

    operation: Operation
    each: dict[int, Operated]
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

    def pending(self, operation_id: int, limit: int) -> list[Item]:
        assert operation_id == 1
        left = [n for n in self.each if self.results.get(n, "pending") == "pending"]
        self.sizes.append(len(left[:limit]))
        return [
            Item(position=n, order_id=uuid.UUID(int=n), number=str(n), revision=3, tries=self.tries.get(n, 0))
            for n in left[:limit]
        ]

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]:
        return dict.fromkeys(ids, PLAN)

    def operate(self, operation: Operation, items: Sequence[Item], decide: Decide) -> None:
        assert operation == self.operation
        found = {item.position: decide(item, self.each[item.position]) for item in items}
        if self.unstorable in found and found[self.unstorable].status == "done":
            raise UnstorableError("no")
        self.results |= {position: result.status for position, result in found.items()}

    def progress(self, operation: Operation) -> Progress:
        assert operation == self.operation
        told = list(self.results.values())
        return Progress(
            total=len(self.each), pending=len(self.each) - len(told) + told.count("pending"), done=told.count("done"),
            refused=told.count("refused"), came_back=self.came_back, unsettled=self.unsettled,
            quiet_seconds=self.quiet_seconds,
        )  # fmt: skip

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


def test_what_postgresql_refuses_is_refused_alone() -> None:
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
    ],
)
def test_a_wrong_request_is_refused(change: Json, code: str) -> None:
    body = {"action": "retry", "person": "ana", "reason": "why", "numbers": ["1"], **change}

    with pytest.raises(InvalidRequest) as refused:
        read_operation_request(body)
    assert refused.value.code == code


def test_a_canary_stops_at_errors_unless_told_otherwise() -> None:
    body = {"action": "retry", "person": "ana", "reason": " why ", "numbers": ["1", "1"], "canary": 3}

    new = read_operation_request(body)

    assert (new.stop_at, new.reason, new.selection.numbers) == (0.2, "why", ("1",))


def test_a_selection_names_what_it_lacks() -> None:
    new = NewOperation(action="retry", person="a", reason="r", selection=Selection(numbers=("1", "2")))

    assert missing(new, [("1", "x"), ("2", "y")]) is None
    assert "no such order: 2" in str(missing(new, [("1", "x")]))
    everyone = replace(new, selection=Selection(state="exception"))
    assert getattr(missing(everyone, []), "code", None) == "nothing_selected"


def test_what_the_error_way_of_a_tax_document_costs_is_kept_with_its_incident() -> None:
    failure = {"failed": "emission_dte", "code": "CAF", "message": "no", "stood": [token_json(service("emission_dte"))]}
    one = case("dte_incident", data=failure)
    work = FakeWork(cases=[one], beside=[Standing(token_id=9, version=1, token=service("dispatch", 2))])
    register_dte_incident(Reference(token_id=1, version=3), work, RUN)
    assert work.committed[1].incidents[0]["stood"] == stood(service("emission_dte"), goes_on=True)

    notify_dte_incident(Reference(token_id=1, version=3), work, RUN)

    # The other branch goes on: only what failed is put back.
    assert work.committed[1].lost == [{"token_id": 1, "stood": stood(service("emission_dte"))}]


def test_an_order_whose_error_way_leads_nowhere_keeps_the_failure_that_brought_it_there() -> None:
    failure = {"failed": "allocation", "code": "gone", "message": "no", "stood": [token_json(service("allocation"))]}
    join = Standing(token_id=9, version=1, token=Token(id=2, node="paid", waits=Waits.JOIN, via="f"))
    work = FakeWork(cases=[one := case("control_error", data=failure)], beside=[join])

    run_state("control_error", [Reference(token_id=1, version=3)], control_error, work, RUN)

    [incident] = work.committed[1].incidents
    assert (incident["state"], incident["code"]) == ("allocation", "gone")
    assert work.committed[1].order_ends[0] == {
        "order_id": str(one.order_id), "outcome": "exception", "reason": "allocation: no (gone)",
    }  # fmt: skip
    assert incident["stood"] == stood(join.token, service("allocation"))
