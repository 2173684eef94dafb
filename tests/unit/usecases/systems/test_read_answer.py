"""The meaning of an answer: values, a refusal, or another try."""

from decimal import Decimal
from typing import Any

import pytest

from mtd.domain.errors import BusinessError, MtdError, NoAnswerError, RetryableError
from mtd.engine.model.plan import ErrorCase, ServerCall
from mtd.engine.rules import parser
from mtd.usecases.systems.ports import UNREADABLE, SystemAnswer
from mtd.usecases.systems.read_answer import read_answer

CALL = ServerCall(
    send=["object"],
    result=(("score", parser.parse("answer.score")), ("high", parser.parse("answer.score > 80"))),
    errors=(
        ErrorCase(code="suspected", status="409"),
        ErrorCase(code="closed", status="503"),
        ErrorCase(code="blocked", when=parser.parse("answer.code == 'X1'")),
    ),
)


def read(status: int, content: Any, **more: Any) -> Any:
    return read_answer(CALL, SystemAnswer(status=status, content=content, **more), {"order": {}})


def failed(status: int, content: Any, **more: Any) -> MtdError:
    with pytest.raises(MtdError) as raised:
        read(status, content, **more)
    return raised.value


def test_the_values_are_what_rules_can_ask_again() -> None:
    assert read(200, {"score": Decimal("80.5")}) == {"score": 80.5, "high": True}
    assert read(201, {"score": 80}) == {"score": 80, "high": False}


@pytest.mark.parametrize(
    ("status", "content", "kind", "code"),
    [
        (409, {"code": "anything"}, BusinessError, "suspected"),
        (200, {"code": "X1", "score": 1}, BusinessError, "blocked"),
        (422, {"code": "X1"}, BusinessError, "blocked"),
        (422, {"code": "X2", "message": "no"}, BusinessError, "X2"),
        (422, {"code": 7}, BusinessError, "http_422"),
        (404, {}, BusinessError, "http_404"),
        (404, [1], BusinessError, "http_404"),
        (302, {}, BusinessError, "redirected"),
        (400, UNREADABLE, BusinessError, "http_400"),
        (401, {}, NoAnswerError, "credentials_refused"),
        (500, {"code": "X1"}, NoAnswerError, "http_500"),
        (503, {}, BusinessError, "closed"),
        (429, {}, RetryableError, "http_429"),
        (200, {"scoer": 1}, RetryableError, "answer_unreadable"),
        (200, {"score": "high"}, RetryableError, "answer_unreadable"),
        (200, UNREADABLE, RetryableError, "answer_unreadable"),
        (204, {}, RetryableError, "answer_unreadable"),
    ],
)
def test_each_answer_has_its_error(status: int, content: Any, kind: type[MtdError], code: str) -> None:
    error = failed(status, content)

    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(
    ("status", "code"),
    [(418, "refused"), (404, "refused"), (429, "http_429"), (401, "credentials_refused"), (408, "http_408")],
)
def test_a_class_of_statuses_leaves_out_those_that_speak_of_the_call(status: int, code: str) -> None:
    call = ServerCall(send=["object"], errors=(ErrorCase(code="refused", status="4xx"),))

    with pytest.raises(MtdError) as raised:
        read_answer(call, SystemAnswer(status=status, content={}), {})
    assert raised.value.code == code


def test_too_many_requests_are_the_systems_answer_and_do_not_open_its_circuit() -> None:
    assert not isinstance(failed(429, {}), NoAnswerError)


def test_a_system_says_when_it_wants_to_be_asked_again() -> None:
    error = failed(429, {}, retry_after=7.0)

    assert isinstance(error, RetryableError)
    assert error.retry_after == 7.0


def test_an_answer_that_nobody_reads_may_be_anything() -> None:
    call = ServerCall(send=["object"])

    assert read_answer(call, SystemAnswer(status=200, content=UNREADABLE, text="OK"), {}) == {}


def test_the_message_of_a_refusal_is_kept() -> None:
    assert "the card is lost" in str(failed(422, {"message": "the card is lost"}))
    assert "<html>" in str(failed(400, UNREADABLE, text="<html>"))
