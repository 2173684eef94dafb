"""The register of environments, and counting requests."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from mtd_localstack.executor.debugging import Debugger, Debuggers
from mtd_localstack.executor.environments import Environments
from mtd_localstack.gateway.request_counts import RequestCounts


class Environment:
    """An environment that remembers how often it was recycled."""

    def __init__(self) -> None:
        self.recycled = 0
        self.released = 0
        self.started = threading.Event()

    def recycle(self) -> None:
        self.recycled += 1

    def start(self) -> None:
        self.started.set()

    def release(self) -> None:
        self.released += 1

    def describe(self) -> dict[str, Any]:
        return {"pid": 1}


def test_only_the_named_functions_environments_are_recycled() -> None:
    register = Environments()
    members = {id: Environment() for id in ("a1", "a2", "b1")}
    for id, environment in members.items():
        register.add(id, id[0], "1", environment)
    assert register.recycle(["a", "c"]) == {"a": 2, "c": 0}
    assert [environment.recycled for environment in members.values()] == [1, 1, 0]
    register.remove("a1")
    register.remove("never there")
    assert register.recycle(["a"]) == {"a": 1}


def test_environments_are_described_with_function_and_version() -> None:
    register = Environments()
    register.add("x", "f", "3", Environment())
    assert register.describe() == [{"function": "f", "qualifier": "3", "pid": 1}]


def context(service: str | None, operation: str, *, path: str = "/", internal: bool = False) -> SimpleNamespace:
    """A request as LocalStack's handlers see it; without a service it was no AWS request."""
    return SimpleNamespace(
        service=SimpleNamespace(service_name=service),
        operation=SimpleNamespace(name=operation) if service else None,
        request=SimpleNamespace(path=path),
        is_internal_call=internal,
    )


def test_requests_are_counted_by_operation_and_origin() -> None:
    counts = RequestCounts()
    for _ in range(2):
        counts(None, context("s3", "GetObject"), None)
    counts(None, context("sqs", "ReceiveMessage", internal=True), None)
    assert counts.snapshot() == {"external": {"s3.GetObject": 2}, "internal": {"sqs.ReceiveMessage": 1}}


@pytest.mark.parametrize("path", ["/_aws/execute-api/id/stage/orders", "/restapis/id/stage/_user_request_/orders"])
def test_calls_of_an_api_are_counted(path: str) -> None:
    counts = RequestCounts()
    counts(None, context(None, "", path=path), None)
    assert counts.snapshot()["external"] == {"execute-api.Invoke": 1}


def test_pages_of_localstack_itself_are_not_counted_and_a_reset_starts_from_0() -> None:
    counts = RequestCounts()
    counts(None, context(None, "", path="/_mtd/requests"), None)
    assert counts.snapshot() == {"external": {}, "internal": {}}
    counts(None, context("s3", "PutObject"), None)
    assert counts.reset()["external"] == {"s3.PutObject": 1}
    assert counts.snapshot() == {"external": {}, "internal": {}}


def test_a_debugged_function_restarts_once_and_is_released() -> None:
    register = Environments()
    members = {id: Environment() for id in ("a1", "a2", "b1")}
    for id, environment in members.items():
        register.add(id, id[0], "1", environment)

    assert register.start_anew("a") is True
    assert register.start_anew("c") is False
    register.release(["a"])

    assert members["a1"].started.wait(5)
    assert not members["a2"].started.is_set()
    assert [environment.recycled for environment in members.values()] == [1, 1, 0]
    assert [environment.released for environment in members.values()] == [1, 1, 0]


def test_one_function_is_debugged_at_a_time() -> None:
    wish = {"folder": "/d", "host": "127.0.0.1", "port": 5678, "wait": True}
    debuggers = Debuggers()

    assert debuggers.want("a", Debugger.from_json(wish)) == []
    assert debuggers.want("b", Debugger.from_json(wish)) == ["a"]
    assert debuggers.of("a") is None
    assert debuggers.of("b") == Debugger(folder="/d", host="127.0.0.1", port=5678, wait=True)
    assert debuggers.end() == ["b"]
    assert debuggers.of("b") is None


@pytest.mark.parametrize("wrong", [{"port": "5678"}, {"wait": 1}, {"folder": None}, {"port": True}])
def test_a_wish_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    wish = {"folder": "/d", "host": "127.0.0.1", "port": 5678, "wait": True} | wrong
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Debugger.from_json(wish)
