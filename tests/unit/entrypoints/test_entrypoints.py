import json
from types import SimpleNamespace
from typing import Any

import pytest

from mtd.domain.errors import InvalidRequest, MtdError, NotFound, UnavailableError
from mtd.entrypoints import sqs
from mtd.entrypoints.api import api_handler
from mtd.entrypoints.states import references
from mtd.usecases.flow.trace import hop, read_hops

CONTEXT = SimpleNamespace(aws_request_id="r-1")


def call(serve: Any, body: str | None = None) -> tuple[int, Any]:
    answer = api_handler(serve)({"body": body, "path": "/x"}, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def raising(error: Exception) -> Any:
    def serve(*_: Any) -> None:
        raise error

    return serve


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidRequest("x"), 400),
        (NotFound("x"), 404),
        (UnavailableError("x"), 503),
        (MtdError("x"), 500),
        (ValueError("secret detail"), 500),
    ],
)
def test_errors_become_statuses_with_a_code(error: Exception, status: int) -> None:
    answered, body = call(raising(error))

    assert answered == status
    assert set(body) == {"code", "message"}
    assert "secret" not in body["message"]


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "3", "[" * 100_000, '{"a":' * 100_000])
def test_a_body_that_is_no_json_object_is_refused(body: str) -> None:
    assert call(lambda *_: {}, body)[0] == 400


def test_an_answer_is_json_whatever_is_in_it() -> None:
    assert call(lambda _event, body, _context: {"echo": body["ñ"]}, '{"ñ": "🚚"}') == (200, {"echo": "🚚"})


@pytest.mark.parametrize(
    "tokens",
    [
        None,
        3,
        ["x"],
        [{"token_id": 1}],
        [{"token_id": "a", "version": 1}],
        [{"token_id": "1", "version": 1}],
        [{"token_id": 1.5, "version": 1}],
        [{"token_id": 10**30, "version": 1}],
        [{"token_id": 1, "version": 2**31}],
        [{"token_id": True, "version": 1}],
        [{"token_id": float("inf"), "version": 1}],
        [[]],
        {},
        "ab",
    ],
)
def test_malformed_tokens_are_refused(tokens: Any) -> None:
    with pytest.raises(InvalidRequest):
        references({"tokens": tokens})


def test_failed_messages_are_named_and_nothing_else() -> None:
    assert sqs.failures(["a"]) == {"batchItemFailures": [{"itemIdentifier": "a"}]}


@pytest.mark.parametrize(("text", "body"), [('{"a":1}', {"a": 1}), ("[1]", None), ("x", None), ("", None)])
def test_a_record_body_is_an_object_or_nothing(text: str, body: Any) -> None:
    assert sqs.body({"body": text}) == body


def test_what_failed_inside_is_not_told_outside() -> None:
    assert "select" not in call(raising(MtdError("PostgreSQL: select * from orders")))[1]["message"]


def test_a_malformed_message_does_not_take_its_batch_down() -> None:
    bodies = ['{"tokens":[{"token_id":1,"version":1}]}', "no", "[]", '{"tokens":3}', '{"tokens":[{"token_id":1e400}]}']
    records = [{"messageId": str(i), "body": body} for i, body in enumerate(bodies)]

    found, malformed = sqs.sort_out(records, lambda _, content: references(content))

    assert len(found) == 1
    assert malformed == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "hops",
    [
        3,
        "x",
        {},
        ["x"],
        [{}],
        [None] * 101,
        [{"source": "S", "what": "w", "at": "yesterday"}],
        [{"source": "S", "what": "w", "at": "2026-11-20T10:00:00"}],
        [{"source": "S", "what": "w", "at": "2026-11-20T10:00:00+00:00", "ms": "soon"}],
        [{"source": "S", "what": "w", "at": "2026-11-20T10:00:00+00:00", "ms": float("nan")}],
        [{"source": ["S"], "what": "w", "at": "2026-11-20T10:00:00+00:00"}],
    ],
)
def test_hops_that_no_timeline_could_read_are_refused(hops: Any) -> None:
    with pytest.raises(InvalidRequest):
        read_hops(hops)


def test_hops_are_kept_as_they_came() -> None:
    came = [hop("S3", "object created"), hop("SQS", "orders", ms=1.5, request_id="r")]

    assert list(read_hops(came)) == came
    assert read_hops(None) == ()
