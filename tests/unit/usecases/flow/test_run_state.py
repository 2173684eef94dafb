import time
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.unit.support.fakes import PLAN, FakeStore, leased

from mtd.domain.errors import BusinessError, RetryableError
from mtd.domain.json_types import Json
from mtd.engine.model.tokens import Waits
from mtd.usecases.flow.changes import IssuedDocument, MovedToken, OrderEnd, TokenPlace
from mtd.usecases.flow.control_error import control_error
from mtd.usecases.flow.effects import Effect, EffectResult, StateRun
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.tokens import LeasedToken, TokenReference
from mtd.usecases.flow.trace import hop

RUN = StateRun(function="allocate_order", request_id="r-1", hops=(hop("SQS", "transitions"),), parallel=1)


def references(*cases: LeasedToken) -> list[TokenReference]:
    return [TokenReference(token_id=c.token_id, version=c.version) for c in cases]


def data_of(store: FakeStore) -> Json:
    data = store.committed[1].moved_tokens[0].place.data
    assert data is not None
    return data


def raising(error: Exception) -> Effect:
    def effect(_: LeasedToken) -> EffectResult:
        raise error

    return effect


def test_a_done_effect_moves_the_token_and_tells_how_it_came() -> None:
    store = FakeStore(tokens=[one := leased("allocation")])

    answer = run_state("allocation", references(one), lambda _: EffectResult(detail={"warehouse": "W"}), store, RUN)

    assert answer == {
        "state": "allocation",
        "done": 1,
        "retried": 0,
        "postponed": 0,
        "parked": 0,
        "failed": 0,
        "skipped": 0,
    }
    changes = store.committed[1]
    place = TokenPlace(node="emission_dte", waits=Waits.SERVICE)
    assert changes.moved_tokens == [MovedToken(token_id=1, version=3, place=place, wake_delay=0)]
    [event] = changes.events
    assert (event.from_state, event.to_state, event.what) == ("allocation", "emission_dte", "done")
    assert event.detail["warehouse"] == "W"
    assert [hop["source"] for hop in event.detail["hops"]] == ["SQS", "Lambda"]


def test_the_last_task_ends_the_order() -> None:
    store = FakeStore(tokens=[one := leased("completion")])

    run_state("completion", references(one), lambda _: EffectResult(), store, RUN)

    changes = store.committed[1]
    assert changes.deleted_tokens == [TokenReference(token_id=1, version=3)]
    assert changes.order_ends == [OrderEnd(order_id=one.order_id, outcome="completed")]
    assert changes.moved_tokens == []


def test_a_refusal_takes_the_error_way_with_its_reason() -> None:
    store = FakeStore(tokens=[one := leased("allocation")])

    answer = run_state(
        "allocation", references(one), raising(BusinessError("no stock", code="out_of_stock")), store, RUN
    )

    assert answer["failed"] == 1
    [move] = store.committed[1].moved_tokens
    assert move.place.node == "control_error"
    assert move.place.data == {
        "failed": "allocation",
        "code": "out_of_stock",
        "message": "no stock",
        "attempts": 1,
        "kind": "refused",
        "payload": None,
        "stood": [{"id": 1, "node": "allocation", "waits": "service"}],
    }


def test_the_incident_of_a_failure_ends_the_order_as_an_exception() -> None:
    data = {"failed": "allocation", "code": "out_of_stock", "message": "no stock", "attempts": 1}
    store = FakeStore(tokens=[one := leased("control_error", data=data)])

    run_state("control_error", references(one), control_error, store, RUN)

    changes = store.committed[1]
    [incident] = changes.incidents
    assert (incident.state, incident.code, incident.version) == ("allocation", "out_of_stock", 3)
    assert changes.order_ends[0].outcome == "exception"
    assert changes.order_ends[0].reason == "allocation: no stock (out_of_stock)"


@pytest.mark.parametrize("error", [RetryableError("slow", code="timed_out"), ValueError("a bug")])
def test_a_retryable_error_is_tried_again_later(error: Exception) -> None:
    store = FakeStore(tokens=[one := leased("allocation", attempts=3)])

    answer = run_state("allocation", references(one), raising(error), store, RUN)

    assert answer["retried"] == 1
    [again] = store.committed[1].retried_tokens
    assert 2 <= again.delay_seconds <= 4
    assert store.committed[1].moved_tokens == []


def test_the_tenth_try_is_the_last() -> None:
    store = FakeStore(tokens=[one := leased("emission_dte", attempts=10)])

    answer = run_state("emission_dte", references(one), raising(RetryableError("slow", code="timed_out")), store, RUN)

    assert answer["failed"] == 1
    assert store.committed[1].moved_tokens[0].place.node == "dte_incident"
    assert data_of(store)["attempts"] == 10


def test_each_order_of_a_batch_goes_its_own_way() -> None:
    cases = [leased("allocation", i) for i in range(1, 7)]
    store = FakeStore(tokens=cases)

    def effect(one: LeasedToken) -> EffectResult:
        if one.token_id % 3 == 1:
            raise BusinessError("no", code="no")
        if one.token_id % 3 == 2:
            raise RetryableError("later")
        return EffectResult()

    answer = run_state("allocation", references(*cases), effect, store, StateRun(function="f", request_id="r"))

    assert answer == {
        "state": "allocation",
        "done": 2,
        "retried": 2,
        "postponed": 0,
        "parked": 0,
        "failed": 2,
        "skipped": 0,
    }
    assert [bool(store.committed[i].retried_tokens) for i in range(1, 7)] == [False, True, False] * 2


def test_orders_whose_turn_comes_too_late_have_not_begun_and_the_others_are_committed() -> None:
    """A hundred orders at 4 s each would outlast the function, which would commit none of them."""
    cases = [leased("allocation", i) for i in range(1, 9)]
    store = FakeStore(tokens=cases)
    tried: list[int] = []

    def slow(one: LeasedToken) -> EffectResult:
        tried.append(one.token_id)
        time.sleep(0.2)
        return EffectResult()

    run = StateRun(function="f", request_id="r", parallel=2, begin_seconds=0.3)
    answer = run_state("allocation", references(*cases), slow, store, run)

    assert (answer["done"], answer["postponed"], answer["retried"]) == (4, 4, 0)
    assert sorted(tried) == [1, 2, 3, 4]
    assert [bool(store.committed[i].postponed_tokens) for i in range(1, 9)] == [False] * 4 + [True] * 4


def test_a_stale_message_changes_nothing() -> None:
    store = FakeStore(tokens=[])

    answer = run_state("allocation", [TokenReference(token_id=9, version=1)], lambda _: EffectResult(), store, RUN)

    assert answer["skipped"] == 1
    assert store.committed == {}


def test_an_order_that_the_database_refuses_fails_alone() -> None:
    taken = IssuedDocument(document_type=39, folio=7, amount=Decimal(1), currency="CLP")
    store = FakeStore(
        tokens=[one := leased("emission_dte", 1), other := leased("emission_dte", 2)],
        refuses=lambda changes: any(document.folio == 7 for _, document in changes.documents),
    )

    def issue(token: LeasedToken) -> EffectResult:
        return EffectResult(documents=(taken if token.token_id == 1 else replace(taken, folio=8),))

    answer = run_state("emission_dte", references(one, other), issue, store, RUN)

    assert (answer["done"], answer["failed"]) == (1, 1)
    assert store.committed[1].moved_tokens[0].place.node == "dte_incident"
    assert data_of(store)["code"] == "unstorable"
    assert store.committed[2].documents[0][1].folio == 8


def test_an_order_that_breaks_its_step_in_an_unknown_way_fails_alone() -> None:
    """Its token keeps what no release wrote."""
    cases = [leased("allocation", 1, data={"stood": 5}), leased("allocation", 2)]
    store = FakeStore(tokens=cases)

    answer = run_state("allocation", references(*cases), lambda _: EffectResult(), store, RUN)

    assert (answer["done"], answer["failed"]) == (1, 1)
    assert store.committed[1].order_ends[0].outcome == "exception"
    assert store.committed[1].incidents[0].code == "unexpected"
    assert store.committed[2].moved_tokens


def test_one_order_alone_that_the_database_refuses_fails() -> None:
    store = FakeStore(tokens=[one := leased("validation")], refuses=lambda changes: bool(changes.totals))

    assert run_state("validation", references(one), lambda _: EffectResult(total=Decimal(1)), store, RUN)["failed"] == 1
    assert store.committed[1].moved_tokens[0].place.node == "control_error"


def test_an_order_whose_process_ends_nowhere_is_set_aside_and_its_effect_kept() -> None:
    nodes = PLAN.nodes | {"emission_dte": replace(PLAN.nodes["emission_dte"], flows=())}
    store = FakeStore(tokens=[one := leased("emission_dte")], plan=replace(PLAN, nodes=nodes))
    document = IssuedDocument(document_type=39, folio=7, amount=Decimal(1), currency="CLP")

    answer = run_state("emission_dte", references(one), lambda _: EffectResult(documents=(document,)), store, RUN)

    changes = store.committed[1]
    assert answer["failed"] == 1
    assert changes.documents[0][1].folio == 7
    assert changes.deleted_tokens == [TokenReference(token_id=1, version=3)]
    assert (changes.order_ends[0].outcome, changes.incidents[0].code) == ("exception", "no_flow")


def test_an_order_that_ten_times_took_its_function_down_is_not_tried_again() -> None:
    store = FakeStore(
        tokens=[one := leased("allocation", attempts=11, outcome_unknown=True), other := leased("allocation", 2)]
    )
    tried: list[int] = []

    def effect(token: LeasedToken) -> EffectResult:
        tried.append(token.token_id)
        return EffectResult()

    answer = run_state("allocation", references(one, other), effect, store, RUN)

    assert tried == [2]
    assert (answer["done"], answer["failed"]) == (1, 1)
    assert data_of(store)["code"] == "cut_off"
