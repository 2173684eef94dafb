"""States called past the API: the same functions, the same event, the same errors."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from delivery.packaging.template import load
from devenv.instance import PROJECT
from mtd.adapters.aws.functions_api import FunctionsApi
from mtd.adapters.aws.invoked_states import FUNCTIONS, InvokedStates
from mtd.domain.errors import MtdError, RetryableError
from mtd.entrypoints.api import api_handler, api_hop, respond


class FakeLambda:
    def __init__(self, answer: dict[str, Any] | Exception, failed: bool = False) -> None:
        self._answer = answer
        self._failed = failed
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        self.calls.append((FunctionName, json.loads(Payload)))
        if isinstance(self._answer, Exception):
            raise self._answer
        answer: dict[str, Any] = {"Payload": io.BytesIO(json.dumps(self._answer).encode())}
        return answer | ({"FunctionError": "Unhandled"} if self._failed else {})


class FakeApi:
    def __init__(self) -> None:
        self.paths: list[str] = []

    def post(self, path: str, _body: dict[str, Any]) -> dict[str, Any]:
        self.paths.append(path)
        return {}


def _states(client: FakeLambda, api: FakeApi | None = None) -> InvokedStates:
    return InvokedStates("mtd-local-", cast(FunctionsApi, api or FakeApi()), lambda: client)


def _bound() -> Iterator[tuple[str, str]]:
    """The function that API Gateway invokes for each state by openapi.yaml."""
    for path, methods in load(PROJECT / "cloudformation" / "openapi.yaml")["paths"].items():
        if path.startswith("/states/"):
            uri = str(methods["post"]["x-amazon-apigateway-integration"]["uri"])
            yield path, re.findall(r":function:mtd-\$\{Environment\}-(\w+):live/", uri)[0]


def test_each_state_is_served_by_the_function_that_the_api_names() -> None:
    assert dict(_bound()) == FUNCTIONS


def test_the_alias_is_called_with_what_a_handler_reads_of_the_api() -> None:
    client = FakeLambda(respond(200, {"done": 1}))
    assert _states(client).post("/states/validation", {"tokens": [1]}) == {"done": 1}
    [(function, event)] = client.calls
    assert function == "mtd-local-validate_order:live"
    served = api_handler(lambda event, body, _: {"at": event["resource"], "body": body})(event, None)
    assert json.loads(served["body"]) == {"at": "/states/validation", "body": {"tokens": [1]}}
    assert api_hop(event)["source"] == "Lambda"


def test_an_error_way_has_its_state_as_parameter() -> None:
    client = FakeLambda(respond(200, {}))
    _states(client).post("/errors/allocation", {})
    [(function, event)] = client.calls
    assert (function, event["resource"]) == ("mtd-local-control_error:live", "/errors/{state}")
    assert event["pathParameters"] == {"state": "allocation"}


def test_what_is_no_state_goes_by_the_api() -> None:
    api = FakeApi()
    _states(FakeLambda({}), api).post("/orders", {})
    assert api.paths == ["/orders"]


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Invoke")


@pytest.mark.parametrize(
    ("client", "kind", "code"),
    [
        (FakeLambda({"errorMessage": "Task timed out"}, failed=True), RetryableError, "api_failed"),
        (FakeLambda(respond(500, {"code": "internal"})), RetryableError, "api_failed"),
        (FakeLambda(respond(503, {"code": "database_unavailable"})), RetryableError, "api_unavailable"),
        (FakeLambda(respond(400, {"code": "malformed"})), MtdError, "api_refused"),
        (
            FakeLambda(refusal("TooManyRequestsException", 429)),
            RetryableError,
            "api_unavailable",
        ),
        (
            FakeLambda(refusal("AccessDeniedException", 403)),
            MtdError,
            "api_refused",
        ),
    ],
)
def test_errors_are_those_of_the_api(client: FakeLambda, kind: type[MtdError], code: str) -> None:
    with pytest.raises(kind) as raised:
        _states(client).post("/states/dispatch", {})
    assert raised.value.code == code
    assert type(raised.value) is kind
