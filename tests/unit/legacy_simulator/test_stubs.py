"""Stubs of connected systems answer by the examples of their declaration."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from legacy_simulator.app import create_app

DOCUMENT: dict[str, Any] = {
    "recover": "/operations/{key}",
    "operations": {"check": {}, "history": {"method": "GET", "path": "/buyers/{buyer}/orders"}},
    "examples": {
        "check": [
            {"request": {"buyer": {"rut": "1-9"}}, "status": 409, "answer": {"code": "X1", "message": "known"}},
            {"request": {"amount": {"above": 1000}}, "answer": {"score": 91}},
            {"request": {"amount": {"below": 0}}, "answer": {"score": -1}},
            {"answer": {"score": 12}},
        ],
        "history": [{"request": {"buyer": "1-9"}, "answer": [1, 2]}],
    },
}


class Client:
    """A client in the thread of the application, whose ledger belongs to one thread."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        transport = httpx.ASGITransport(create_app(":memory:"))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://simulator")

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **request))


@pytest.fixture
def client() -> Iterator[Client]:
    with asyncio.Runner() as runner:
        made = Client(runner)
        assert made.ask("PUT", "/control/stubs/fraud", json=DOCUMENT).status_code == 200
        yield made


def check(client: Client, body: Any, key: str = "K-1") -> Any:
    return client.ask("POST", "/stubs/fraud/check", json=body, headers={"Idempotency-Key": key})


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        ({"amount": 1001}, 200, {"score": 91}),
        ({"amount": 1000}, 200, {"score": 12}),
        ({"amount": -1}, 200, {"score": -1}),
        ({"amount": "1001"}, 200, {"score": 12}),
        ({"buyer": {"rut": "1-9", "name": "N"}}, 409, {"code": "X1", "message": "known"}),
        ({"buyer": "1-9"}, 200, {"score": 12}),
    ],
)
def test_the_first_example_that_fits_is_answered(client: Client, body: Any, status: int, answer: Any) -> None:
    found = check(client, body)

    assert (found.status_code, found.json()) == (status, answer)


def test_a_key_is_done_once_and_can_be_recovered(client: Client) -> None:
    check(client, {"id": "N-1", "amount": 1})
    check(client, {"id": "N-1", "amount": 5000})

    assert client.ask("GET", "/stubs/fraud/operations/K-1").json() == {"score": 12}
    assert client.ask("GET", "/stubs/fraud/operations/K-2").status_code == 404
    [entry] = client.ask("GET", "/control/ledger?system=fraud&order=N-1").json()["entries"]
    assert (entry["operation"], entry["key"]) == ("check", "K-1")


def test_a_refusal_is_not_in_the_ledger(client: Client) -> None:
    check(client, {"id": "N-1", "buyer": {"rut": "1-9"}})

    assert client.ask("GET", "/control/ledger?system=fraud").json()["entries"] == []


def test_fields_of_the_path_count_as_the_requests(client: Client) -> None:
    assert client.ask("GET", "/stubs/fraud/buyers/1-9/orders").json() == [1, 2]
    assert client.ask("GET", "/stubs/fraud/buyers/2-7/orders").json() == {}


def test_what_it_does_not_have_is_not_found(client: Client) -> None:
    assert client.ask("POST", "/stubs/fraud/other", json={}).status_code == 404
    assert client.ask("POST", "/stubs/other/check", json={}).status_code == 404


def test_faults_apply_to_stubs(client: Client) -> None:
    assert client.ask("PUT", "/control/faults/fraud", json={"outage": True}).status_code == 200

    assert check(client, {}).status_code == 503
    assert client.ask("PUT", "/control/faults/nobody", json={"outage": True}).status_code == 400


@pytest.mark.parametrize("document", [[], {"examples": []}, {"examples": {"check": {}}}, {"examples": {"check": [1]}}])
def test_a_stub_that_is_none_is_refused(client: Client, document: Any) -> None:
    assert client.ask("PUT", "/control/stubs/fraud", json=document).status_code == 400


def test_a_request_without_a_key_is_refused(client: Client) -> None:
    assert client.ask("POST", "/stubs/fraud/check", json={}).json()["code"] == "key_missing"
    assert check(client, [1]).status_code == 400
