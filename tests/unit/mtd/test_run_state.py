import pytest
from tests.unit.mtd.fakes import FakeWork, case

from mtd.domain.errors import BusinessError, RetryableError
from mtd.usecases.control_error import control_error
from mtd.usecases.ports import Case, Done, Effect, Reference
from mtd.usecases.run_state import StateRun, run_state
from mtd.usecases.trail import hop

RUN = StateRun(function="allocate_order", request_id="r-1", hops=(hop("SQS", "transitions"),), parallel=1)


def references(*cases: Case) -> list[Reference]:
    return [Reference(token_id=c.token_id, version=c.version) for c in cases]


def raising(error: Exception) -> Effect:
    def effect(_: Case) -> Done:
        raise error

    return effect


def test_a_done_effect_moves_the_token_and_tells_how_it_came() -> None:
    work = FakeWork(cases=[one := case("allocation")])

    answer = run_state("allocation", references(one), lambda _: Done(detail={"warehouse": "W"}), work, RUN)

    assert answer == {"state": "allocation", "done": 1, "retried": 0, "failed": 0, "skipped": 0}
    changes = work.committed[1]
    assert changes.moves == [{"token_id": 1, "version": 3, "node": "emission_dte", "data": None}]
    [event] = changes.events
    assert (event["from_state"], event["to_state"], event["what"]) == ("allocation", "emission_dte", "done")
    assert event["detail"]["warehouse"] == "W"
    assert [hop["source"] for hop in event["detail"]["hops"]] == ["SQS", "Lambda"]


def test_the_last_task_ends_the_order() -> None:
    work = FakeWork(cases=[one := case("completion")])

    run_state("completion", references(one), lambda _: Done(), work, RUN)

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
    assert move["data"] == {"failed": "allocation", "code": "out_of_stock", "message": "no stock", "attempts": 1}


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

    def effect(one: Case) -> Done:
        if one.token_id % 3 == 1:
            raise BusinessError("no", code="no")
        if one.token_id % 3 == 2:
            raise RetryableError("later")
        return Done()

    answer = run_state("allocation", references(*cases), effect, work, StateRun(function="f", request_id="r"))

    assert answer == {"state": "allocation", "done": 2, "retried": 2, "failed": 2, "skipped": 0}
    assert [bool(work.committed[i].retries) for i in range(1, 7)] == [False, True, False] * 2


def test_a_stale_message_changes_nothing() -> None:
    work = FakeWork(cases=[])

    answer = run_state("allocation", [Reference(token_id=9, version=1)], lambda _: Done(), work, RUN)

    assert answer["skipped"] == 1
    assert work.committed == {}
