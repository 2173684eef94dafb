"""A legacy system's circuit: when it opens and closes, whom it parks, and what a healthy one costs."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.unit.support.circuits import CLOSED, SETTINGS, FakeCircuits
from tests.unit.support.fakes import FakeStore, leased

from mtd.adapters.legacy.paperless import read_answer
from mtd.domain.circuit import CallResults, Circuit, CircuitState, WatchedCircuit, record_results
from mtd.domain.errors import BusinessError, Conflict, InvalidRequest, MtdError, NoAnswerError, RetryableError
from mtd.domain.json_types import Json
from mtd.entrypoints.requests.circuits import read_change
from mtd.usecases.flow.changes import ParkedToken, Wakeup
from mtd.usecases.flow.circuit_breaker import CircuitBreaker
from mtd.usecases.flow.effects import EffectResult, StateRun
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.tokens import LeasedToken, TokenReference
from mtd.usecases.operations.operate_circuits import ChangeRequest, change_circuit, tend_circuits

RUN = StateRun(function="allocate_order", request_id="r-1", parallel=1)
A, B, C, D = (UUID(int=i) for i in range(4))


def unanswered(*orders: UUID, probing: bool = False) -> CallResults:
    return CallResults(answered=False, unanswered=orders, probing=probing, why="timed out")


def answer(*, probing: bool = False, without: Sequence[UUID] = ()) -> CallResults:
    return CallResults(answered=True, unanswered=without, probing=probing, why="")


def test_it_opens_after_so_many_orders_without_an_answer() -> None:
    two = record_results(record_results(CLOSED, unanswered(A), 3), unanswered(B), 3)
    assert (two.open, two.failing) == (False, (A, B))
    assert record_results(two, unanswered(C, D), 3).open


def test_an_order_that_breaks_its_system_does_not_keep_the_others_from_it() -> None:
    circuit = CLOSED
    for _ in range(10):
        circuit = record_results(circuit, unanswered(A), 3)
    assert circuit == Circuit(open=False, by_hand=False, failing=(A,))


def test_an_answer_takes_back_all_silence() -> None:
    two = record_results(CLOSED, unanswered(A, B), 3)
    assert record_results(two, answer(without=[C]), 3) == CLOSED


def test_only_a_probe_that_is_answered_closes_it() -> None:
    opened = record_results(CLOSED, unanswered(A, B, C), 3)
    assert record_results(opened, answer(), 3) == opened
    assert record_results(opened, unanswered(D, probing=True), 3) == opened
    assert record_results(opened, answer(probing=True), 3) == CLOSED


def test_a_circuit_that_a_person_opened_is_closed_by_a_person() -> None:
    held = Circuit(open=True, by_hand=True)
    assert record_results(held, answer(probing=True), 3) == held


def run(circuits: FakeCircuits, store: FakeStore, effect: Callable[[LeasedToken], EffectResult]) -> Json:
    references = [TokenReference(token_id=each.token_id, version=each.version) for each in store.tokens]
    breaker = CircuitBreaker(system="eom", circuits=circuits, settings=SETTINGS)
    return run_state("allocation", references, effect, store, RUN, breaker)


def raising(error: MtdError) -> Callable[[LeasedToken], EffectResult]:
    def effect(_: LeasedToken) -> EffectResult:
        raise error

    return effect


SILENCE = raising(NoAnswerError("POST /allocations timed out after 5 s", code="timed_out"))


def batch(orders: int, *, attempts: int = 1) -> FakeStore:
    return FakeStore(tokens=[leased("allocation", i, attempts=attempts) for i in range(1, orders + 1)])


def test_a_healthy_system_costs_nothing() -> None:
    circuits = FakeCircuits()

    assert run(circuits, batch(4), lambda _: EffectResult())["done"] == 4
    assert circuits.calls == []


def test_an_error_other_than_no_answer_does_not_count_for_the_circuit() -> None:
    circuits = FakeCircuits()

    for error in (
        BusinessError("no stock", code="out_of_stock", payload={"path": "/allocations"}),
        RetryableError("not now", code="http_429"),
        RetryableError("no XML", code="unreadable"),
    ):
        run(circuits, batch(4), raising(error))

    assert circuits.calls == []


def test_the_batch_that_opens_it_is_parked_and_one_of_it_looks_again() -> None:
    store = batch(4, attempts=10)

    answered = run(FakeCircuits(), store, SILENCE)

    # The tenth try would have been the last.
    assert answered == {
        "state": "allocation",
        "done": 0,
        "retried": 0,
        "postponed": 0,
        "parked": 4,
        "failed": 0,
        "skipped": 0,
    }
    assert [store.committed[i].parked_tokens for i in range(1, 5)] == [
        [ParkedToken(token_id=i, version=3, system="eom")] for i in range(1, 5)
    ]
    wakeups = [wakeup for i in range(1, 5) for wakeup in store.committed[i].wakeups]
    assert wakeups == [Wakeup(token_id=1, version=4, delay_seconds=15)]
    [event] = store.committed[2].events
    assert (event.what, event.from_state, event.to_state) == ("parked", "allocation", "allocation")
    assert (event.detail["system"], event.detail["code"]) == ("eom", "timed_out")
    assert not any(store.committed[i].retried_tokens or store.committed[i].moved_tokens for i in range(1, 5))


def test_a_batch_that_hears_nothing_is_not_tried_to_its_end() -> None:
    """A hundred time-outs of five seconds, eight at a time, are a minute: the function has half of it."""
    store, tried = batch(100), []

    def effect(one: LeasedToken) -> EffectResult:
        tried.append(one.token_id)
        return SILENCE(one)

    assert run(FakeCircuits(), store, effect)["parked"] == 100
    assert tried == [1, 2, 3]
    [event] = store.committed[50].events
    assert event.detail["code"] == "not_tried"


def test_after_an_answer_the_whole_batch_is_tried() -> None:
    store, tried = batch(10), []

    def effect(one: LeasedToken) -> EffectResult:
        tried.append(one.token_id)
        return EffectResult() if one.token_id == 2 else SILENCE(one)

    assert run(FakeCircuits(), store, effect)["retried"] == 9
    assert len(tried) == 10


def test_below_the_threshold_orders_are_tried_again() -> None:
    circuits = FakeCircuits()

    assert run(circuits, batch(2), SILENCE)["retried"] == 2
    assert len(circuits.circuit.failing) == 2


def test_a_batch_in_which_something_was_answered_opens_nothing() -> None:
    circuits = FakeCircuits()

    def effect(one: LeasedToken) -> EffectResult:
        if one.token_id == 1:
            raise BusinessError("no stock", code="out_of_stock", payload={"path": "/allocations"})
        return SILENCE(one)

    assert run(circuits, batch(5), effect)["retried"] == 4
    assert circuits.calls == []


def test_a_refusal_is_an_answer_and_a_rule_of_ours_is_none() -> None:
    for payload, left in (({"path": "/allocations"}, 0), (None, 2)):
        circuits = FakeCircuits(circuit=Circuit(open=False, by_hand=False, failing=(A, B)))
        store = batch(1)
        store.circuit = CircuitState.FAILING
        run(circuits, store, raising(BusinessError("no", code="no", payload=payload)))
        assert len(circuits.circuit.failing) == left


def test_while_it_is_open_nobody_is_tried_before_it_is_time() -> None:
    store = batch(4)
    store.circuit = CircuitState.OPEN
    circuits = FakeCircuits(circuit=Circuit(open=True, by_hand=False, failing=(A, B, C)))

    answered = run(circuits, store, lambda _: EffectResult())

    assert answered == {
        "state": "allocation",
        "done": 0,
        "retried": 0,
        "postponed": 0,
        "parked": 4,
        "failed": 0,
        "skipped": 0,
    }
    assert (circuits.calls, store.committed) == (["lock eom"], {})
    assert [event.what for event in circuits.written[0].events] == ["parked"] * 4
    assert circuits.written[0].events[0].detail["hops"][-1]["source"] == "Lambda"


@pytest.mark.parametrize(
    ("effect", "open_", "kind"),
    [
        (SILENCE, True, "parked"),
        (lambda _: EffectResult(), False, "done"),
        (raising(BusinessError("no", code="no", payload={"path": "/x"})), False, "failed"),
        (raising(RetryableError("asked too often", code="http_429")), True, "retried"),
    ],
)
def test_one_order_probes(effect: Callable[[LeasedToken], EffectResult], open_: bool, kind: str) -> None:
    store = batch(3)
    store.circuit = CircuitState.OPEN
    circuits = FakeCircuits(circuit=Circuit(open=True, by_hand=False), probe_due=True, probes=store.tokens)

    answered = run(circuits, store, effect)

    assert circuits.circuit.open is open_
    assert answered[kind] - (2 if kind == "parked" else 0) == 1
    assert answered["parked"] >= 2
    assert set(store.committed) == {1}
    assert [wakeup.version for wakeup in store.committed[1].wakeups] == ([4] if kind == "parked" else [])


def test_a_circuit_that_closed_meanwhile_lets_the_batch_through() -> None:
    store = batch(3)
    store.circuit = CircuitState.OPEN

    assert run(FakeCircuits(store=store), store, lambda _: EffectResult())["done"] == 3


def test_a_batch_that_was_under_way_when_it_opened_is_parked_and_looks_after_nothing() -> None:
    store = batch(2)
    opened = Circuit(open=True, by_hand=False, failing=(A, B, C))
    circuits = FakeCircuits(circuit=opened)

    assert run(circuits, store, SILENCE)["parked"] == 2
    assert circuits.circuit == opened
    assert [each.wakeups for each in store.committed.values()] == [[], []]


def test_the_minute_drains_what_is_back_and_probes_what_nobody_probes() -> None:
    circuits = FakeCircuits(
        found=[
            WatchedCircuit(system="eom", open=False, parked=True, overdue=False),
            WatchedCircuit(system="gift_card", open=True, parked=True, overdue=True),
            WatchedCircuit(system="paperless", open=True, parked=True, overdue=False),
            WatchedCircuit(system="sales_support", open=False, parked=False, overdue=False),
        ],
        turns={"eom": [2_000, 2_000, 5]},
    )

    answered = tend_circuits(circuits, SETTINGS, "relay_outbox")

    assert answered == {"circuits_open": 2, "released": 4_005, "prompted": 1}
    assert circuits.calls == ["lock gift_card", "lock eom", "lock eom", "lock eom"]
    assert circuits.written[0].wakeups == [Wakeup(token_id=7, version=2, delay_seconds=0)]
    assert circuits.written[1].wakeups[0] == Wakeup(token_id=1, version=2, delay_seconds=2)


def test_a_minute_drains_only_so_much() -> None:
    parked = WatchedCircuit(system="eom", open=False, parked=True, overdue=False)
    circuits = FakeCircuits(found=[parked], turns={"eom": [1] * 1_000})

    assert tend_circuits(circuits, SETTINGS, "relay_outbox")["released"] == 20


@pytest.mark.parametrize(
    ("action", "open_", "by_hand", "code"),
    [
        ("open", True, True, "circuit_open"),
        ("close", False, False, "circuit_closed"),
        ("open", True, False, None),
        ("open", False, False, None),
        ("close", True, True, None),
        ("close", True, False, None),
        ("set", False, False, None),
    ],
)
def test_a_person_opens_closes_or_is_refused(action: str, open_: bool, by_hand: bool, code: str | None) -> None:
    request = ChangeRequest(action=action, person="ana", reason="maintenance", drain_rate=5)
    circuits = FakeCircuits(circuit=Circuit(open=open_, by_hand=by_hand))
    if code is not None:
        with pytest.raises(Conflict) as caught:
            change_circuit(circuits, "eom", request, SETTINGS)
        assert caught.value.code == code
        return
    change_circuit(circuits, "eom", request, SETTINGS)
    assert circuits.circuit.open is {"open": True, "close": False, "set": open_}[action]
    assert circuits.drain_rate == 5


def test_a_persons_change_of_a_circuit_is_read() -> None:
    asked = read_change({"action": "open", "person": "ana", "reason": " maintenance ", "drain_rate": 5})
    assert asked == ChangeRequest(action="open", person="ana", reason="maintenance", drain_rate=5.0)


_NO_RATES: list[Any] = [0, -1, 1e9, True, "5", [], float("nan")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action": "explode"}, "request_malformed"),
        ({"person": ""}, "request_malformed"),
        ({"person": 7}, "person_malformed"),
        ({"reason": "  "}, "reason_missing"),
        ({"reason": None}, "reason_missing"),
        ({"action": "set"}, "drain_rate_missing"),
        *[({"drain_rate": rate}, "drain_rate_malformed") for rate in _NO_RATES],
    ],
)
def test_a_malformed_change_of_a_circuit_is_refused(change: Json, code: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_change({"action": "open", "person": "ana", "reason": "maintenance", **change})
    assert caught.value.code == code


@pytest.mark.parametrize(("status", "silence"), [(500, True), (503, True), (408, False), (429, False)])
def test_a_server_error_is_no_answer_and_being_asked_to_wait_is_not_silence(status: int, silence: bool) -> None:
    with pytest.raises(RetryableError) as caught:
        read_answer(status, b"")
    assert isinstance(caught.value, NoAnswerError) is silence


def test_orders_are_known_apart() -> None:
    many: Any = [uuid4() for _ in range(50)]
    assert len(record_results(CLOSED, unanswered(*many), 5).failing) == 5
