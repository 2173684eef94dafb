import json
from types import SimpleNamespace
from typing import Any

import pytest

from mtd.domain.errors import InvalidRequest, MtdError, NotFound, UnavailableError
from mtd.entrypoints import sqs
from mtd.entrypoints.api import api_handler
from mtd.entrypoints.states import references

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


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "3"])
def test_a_body_that_is_no_json_object_is_refused(body: str) -> None:
    assert call(lambda *_: {}, body)[0] == 400


def test_an_answer_is_json_whatever_is_in_it() -> None:
    assert call(lambda _event, body, _context: {"echo": body["ñ"]}, '{"ñ": "🚚"}') == (200, {"echo": "🚚"})


@pytest.mark.parametrize("tokens", [None, 3, ["x"], [{"token_id": 1}], [{"token_id": "a", "version": 1}]])
def test_malformed_tokens_are_refused(tokens: Any) -> None:
    with pytest.raises(InvalidRequest):
        references({"tokens": tokens})


def test_failed_messages_are_named_and_nothing_else() -> None:
    assert sqs.failures(["a"]) == {"batchItemFailures": [{"itemIdentifier": "a"}]}


@pytest.mark.parametrize(("text", "body"), [('{"a":1}', {"a": 1}), ("[1]", None), ("x", None), ("", None)])
def test_a_record_body_is_an_object_or_nothing(text: str, body: Any) -> None:
    assert sqs.body({"body": text}) == body
