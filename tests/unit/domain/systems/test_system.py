"""The words of a system's declaration."""

from typing import Any

import pytest

from mtd.domain.errors import InvalidRequest
from mtd.domain.systems.system import SystemOperation, read_system, system_json

DECLARED: dict[str, Any] = {
    "url": "https://fraud.example/api/",
    "secret": "fraud",
    "timeout": 4,
    "parallel": 3,
    "rate": 50,
    "recover": "/operations/{key}",
    "operations": {
        "check": {"answer": {"type": "object"}},
        "history": {"method": "GET", "path": "/buyers/{buyer}/orders"},
    },
}


def test_a_declaration_is_read_and_told_again() -> None:
    system = read_system("fraud", DECLARED)

    assert (system.url, system.timeout_seconds, system.parallel, system.rate) == ("https://fraud.example/api", 4, 3, 50)
    assert system.operation("check").path == "/check"
    assert read_system("fraud", system_json(system)) == system


def test_a_system_that_declares_no_operations_takes_any() -> None:
    system = read_system("fraud", {"url": "https://fraud.example"})

    assert system.operation("score/deep") == SystemOperation(name="score/deep", path="/score/deep")
    assert (system.timeout_seconds, system.parallel, system.rate, system.recover) == (10, 8, None, None)


def test_a_system_that_declares_operations_takes_no_other() -> None:
    with pytest.raises(KeyError):
        read_system("fraud", DECLARED).operation("chekc")


def test_fields_of_the_request_that_stand_in_the_path_are_quoted_and_not_sent_twice() -> None:
    history = read_system("fraud", DECLARED).operation("history")

    assert history.target({"buyer": "../1 2", "limit": 5}) == ("/buyers/..%2F1%202/orders", {"limit": 5})
    with pytest.raises(KeyError):
        history.target({"limit": 5})


def test_a_key_is_quoted_in_the_recovery_path() -> None:
    assert read_system("fraud", DECLARED).recovery_path("a:b/c") == "/operations/a%3Ab%2Fc"


def test_a_system_that_nobody_can_reach_has_workers_instead_of_an_address() -> None:
    system = read_system("warehouse", {"lease": 60})

    assert (system.has_workers, system.lease_seconds, system.url) == (True, 60, "")
    assert read_system("warehouse", system_json(system)) == system


@pytest.mark.parametrize("declared", [{"lambda": "scores"}, {"queue": "scores"}])
def test_a_teams_own_function_or_queue_may_be_a_system(declared: dict[str, Any]) -> None:
    system = read_system("scores", declared)

    assert {system.function, system.queue} == {"scores", ""}
    assert read_system("scores", system_json(system)) == system


@pytest.mark.parametrize(
    "declared",
    [
        {"lambda": "x", "queue": "x"},
        {"lambda": "x/y"},
        {"queue": ""},
        {"lambda": "x", "secret": "x"},
        {"lease": 60, "recover": "/operations/{key}"},
        {},
        {"url": "https://x.example", "lease": 60},
        {"lease": 0},
        {"lease": 3601},
        {"lease": None},
    ],
)
def test_a_system_is_either_called_or_has_workers(declared: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        read_system("warehouse", declared)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"url": None}, "url"),
        ({"url": "fraud.example"}, "url"),
        ({"url": "ftp://fraud.example"}, "url"),
        ({"url": "https://me:secret@fraud.example"}, "url"),
        ({"url": "https://fraud.example/?q=1"}, "url"),
        ({"url": "https://fraud.example\\@10.0.0.1"}, "url"),
        ({"url": "https://fraud.example:x"}, "url"),
        ({"secret": "../database"}, "secret"),
        ({"secret": "a/b"}, "secret"),
        ({"timeout": 26}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"timeout": "4"}, "timeout"),
        ({"parallel": 0}, "parallel"),
        ({"rate": 0}, "rate"),
        ({"recover": "/operations"}, "recover"),
        ({"recover": "https://elsewhere.example/{key}"}, "recover"),
        ({"retries": 3}, "retries"),
        ({"operations": ["check"]}, "operations"),
        ({"operations": {"check": "POST"}}, "check"),
        ({"operations": {"check": {"method": "TRACE"}}}, "method"),
        ({"operations": {"check": {"path": "//elsewhere.example"}}}, "path"),
        ({"operations": {"check": {"path": "/../admin"}}}, "path"),
        ({"operations": {"check": {"answer": "text"}}}, "answer"),
    ],
)
def test_a_wrong_word_is_named(change: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidRequest, match=word) as refused:
        read_system("fraud", DECLARED | change)
    assert refused.value.code == "system_malformed"


@pytest.mark.parametrize("name", ["", "Fraud", "9fraud", "fraud/x", "a" * 41, "eom"])
def test_a_wrong_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        read_system(name, DECLARED)
