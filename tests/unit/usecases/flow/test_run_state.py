from dataclasses import replace

import pytest
from tests.unit.support.fakes import PLAN, FakeWork, case

from mtd.domain.errors import BusinessError, RetryableError
from mtd.usecases.flow.cases import Effect, EffectResult, LeasedToken, Reference
from mtd.usecases.flow.control_error import control_error
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.state_outcome import StateRun
from mtd.usecases.flow.trace import hop

RUN = StateRun(function="allocate_order", request_id="r-1", hops=(hop("SQS", "transitions"),), parallel=1)


def references(*cases: LeasedToken) -> list[Reference]:
    return [Reference(token_id=c.token_id, version=c.version) for c in cases]


def raising(error: Exception) -> Effect:
    def effect(_: LeasedToken) -> EffectResult:
        raise error

    return effect


def test_a_done_effect_moves_the_token_and_tells_how_it_came() -> None:
    work = FakeWork(cases=[one := case("allocation")])

    answer = run_state("allocation", references(one), lambda _: EffectResult(detail={"warehouse": "W"}), work, RUN)

    assert answer == {"state": "allocation", "done": 1, "retried": 0, "parked": 0, "failed": 0, "skipped": 0}
    changes = work.committed[1]
    assert changes.moves == [{"token_id": 1, "version": 3, "node": "emission_dte", "waits": "service", "data": None}]
    [event] = changes.events
    assert (event["from_state"], event["to_state"], event["what"]) == ("allocation", "emission_dte", "done")
    assert event["detail"]["warehouse"] == "W"
    assert [hop["source"] for hop in event["detail"]["hops"]] == ["SQS", "Lambda"]


def test_the_last_task_ends_the_order() -> None:
    work = FakeWork(cases=[one := case("completion")])

    run_state("completion", references(one), lambda _: EffectResult(), work, RUN)

    changes = work.committed[1]
    assert changes.ends == [{"token_id": 1, "version": 3}]
    assert changes.order_ends == [{"order_id": str(one.order_id), "outcome": "completed", "reason": None}]
    assert changes.moves == []


def test_a_refusal_takes_the_error_way_with_its_reason() -> None:
    work = FakeWork(cases=[one := case("allocation")])

    answer = run_state(
        "allocation", references(one), raising(BusinessError("no stock", code="out_of_stock")), work, RUN
    )

    assert answer["failed"] == 1
    [move] = work.committed[1].moves
    assert move["node"] == "control_error"
    assert move["data"] == {
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
    work = FakeWork(cases=[one := case("control_error", data=data)])

    run_state("control_error", references(one), control_error, work, RUN)

    changes = work.committed[1]
    [incident] = changes.incidents
    assert (incident["state"], incident["code"], incident["version"]) == ("allocation", "out_of_stock", 3)
    assert changes.order_ends[0]["outcome"] == "exception"
    assert changes.order_ends[0]["reason"] == "allocation: no stock (out_of_stock)"


@pytest.mark.parametrize("error", [RetryableError("slow", code="timed_out"), ValueError("a bug")])
def test_what_may_pass_is_tried_again_later(error: Exception) -> None:
    work = FakeWork(cases=[one := case("allocation", attempts=3)])

    answer = run_state("allocation", references(one), raising(error), work, RUN)

    assert answer["retried"] == 1
    [again] = work.committed[1].retries
    assert 2 <= again["delay_seconds"] <= 4
    assert work.committed[1].moves == []


def test_the_tenth_try_is_the_last() -> None:
    work = FakeWork(cases=[one := case("emission_dte", attempts=10)])

    answer = run_state("emission_dte", references(one), raising(RetryableError("slow", code="timed_out")), work, RUN)

    assert answer["failed"] == 1
    assert work.committed[1].moves[0]["node"] == "dte_incident"
    assert work.committed[1].moves[0]["data"]["attempts"] == 10


def test_each_order_of_a_batch_goes_its_own_way() -> None:
    cases = [case("allocation", i) for i in range(1, 7)]
    work = FakeWork(cases=cases)

    def effect(one: LeasedToken) -> EffectResult:
        if one.token_id % 3 == 1:
            raise BusinessError("no", code="no")
        if one.token_id % 3 == 2:
            raise RetryableError("later")
        return EffectResult()

    answer = run_state("allocation", references(*cases), effect, work, StateRun(function="f", request_id="r"))

    assert answer == {"state": "allocation", "done": 2, "retried": 2, "parked": 0, "failed": 2, "skipped": 0}
    assert [bool(work.committed[i].retries) for i in range(1, 7)] == [False, True, False] * 2


def test_a_stale_message_changes_nothing() -> None:
    work = FakeWork(cases=[])

    answer = run_state("allocation", [Reference(token_id=9, version=1)], lambda _: EffectResult(), work, RUN)

    assert answer["skipped"] == 1
    assert work.committed == {}


def test_what_the_database_refuses_fails_alone() -> None:
    taken = {"document_type": 39, "folio": 7, "amount": "1", "currency": "CLP"}
    work = FakeWork(
        cases=[one := case("emission_dte", 1), other := case("emission_dte", 2)],
        refuses=lambda changes: any(document["folio"] == 7 for document in changes.documents),
    )

    def issue(case: LeasedToken) -> EffectResult:
        return EffectResult(document=taken if case.token_id == 1 else {**taken, "folio": 8})

    answer = run_state("emission_dte", references(one, other), issue, work, RUN)

    assert (answer["done"], answer["failed"]) == (1, 1)
    assert work.committed[1].moves[0]["node"] == "dte_incident"
    assert work.committed[1].moves[0]["data"]["code"] == "unstorable"
    assert work.committed[2].documents[0]["folio"] == 8


def test_one_order_alone_that_the_database_refuses_fails() -> None:
    work = FakeWork(cases=[one := case("validation")], refuses=lambda changes: bool(changes.totals))

    assert run_state("validation", references(one), lambda _: EffectResult(total="1"), work, RUN)["failed"] == 1
    assert work.committed[1].moves[0]["node"] == "control_error"


def test_an_order_whose_process_ends_nowhere_is_set_aside_and_its_effect_kept() -> None:
    nodes = PLAN.nodes | {"emission_dte": replace(PLAN.nodes["emission_dte"], flows=())}
    work = FakeWork(cases=[one := case("emission_dte")], plan=replace(PLAN, nodes=nodes))
    document = {"document_type": 39, "folio": 7, "amount": "1", "currency": "CLP"}

    answer = run_state("emission_dte", references(one), lambda _: EffectResult(document=document), work, RUN)

    changes = work.committed[1]
    assert answer["failed"] == 1
    assert changes.documents[0]["folio"] == 7
    assert changes.ends == [{"token_id": 1, "version": 3}]
    assert (changes.order_ends[0]["outcome"], changes.incidents[0]["code"]) == ("exception", "no_flow")


def test_an_order_that_ten_times_took_its_function_down_is_not_tried_again() -> None:
    work = FakeWork(
        cases=[one := case("allocation", attempts=11, outcome_unknown=True), other := case("allocation", 2)]
    )
    tried: list[int] = []

    def effect(case: LeasedToken) -> EffectResult:
        tried.append(case.token_id)
        return EffectResult()

    answer = run_state("allocation", references(one, other), effect, work, RUN)

    assert tried == [2]
    assert (answer["done"], answer["failed"]) == (1, 1)
    assert work.committed[1].moves[0]["data"]["code"] == "cut_off"
