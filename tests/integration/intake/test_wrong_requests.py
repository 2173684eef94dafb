"""Wrong requests get 400 with a code, never 500; wrong messages of a queue do not stop the good ones."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from tests.integration.system import System, until
from tests.support.orders import OrderFile

_POSTS = ("/orders", "/states/validation", "/states/emission_dte", "/errors/allocation", "/waiting")
_HOP = {"source": "S", "what": "w", "at": "2026-11-20T10:00:00+00:00"}
_TOKEN = {"token_id": 999_999_999, "version": 1}

_LISTS: tuple[Any, ...] = (
    None,
    3,
    "x",
    {},
    ["x"],
    [[]],
    [{}],
    [{"token_id": 10**30, "version": 1}],
    [{"token_id": 1.5, "version": 1}],
    [{"token_id": "1", "version": 1}],
    [{"token_id": float("inf"), "version": 1}],
    [{"token_id": 1, "version": float("nan")}],
    [{"order": {}}],
    [{"order": None}],
    [{"reference": 3}],
    [{"reference": {"bucket": "x", "key": "../y"}}],
    [{"order": {"lines": "x"}, "hops": 3}],
)
_HOPS: tuple[Any, ...] = (3, "x", [3], [{}], [{**_HOP, "at": "x"}], [{**_HOP, "ms": "x"}])

_BODIES = {
    "not JSON": b"{",
    "array": b"[]",
    "text": b'"x"',
    "number": b"3",
    "large": json.dumps({"tokens": "x" * 2_000_000, "orders": "x" * 2_000_000, "numbers": 3}).encode(),
    **{
        f"list {number}": json.dumps({"tokens": each, "orders": each, "numbers": 3}).encode()
        for number, each in enumerate(_LISTS)
    },
    **{
        f"hops {number}": json.dumps(
            {"tokens": [_TOKEN], "hops": each, "orders": [{"hops": each}], "numbers": 3}
        ).encode()
        for number, each in enumerate(_HOPS)
    },
}


def _post(system: System, path: str, body: bytes) -> tuple[int, str]:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(system.api + path, data=body, method="POST", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


@pytest.mark.parametrize("name", _BODIES)
def test_a_wrong_body_is_the_callers_fault(system: System, name: str) -> None:
    answers = {path: _post(system, path, _BODIES[name]) for path in _POSTS}

    assert {path: answer for path, answer in answers.items() if answer[0] != 400} == {}
    assert all("Traceback" not in text and "select" not in text for _, text in answers.values())


def test_unknown_tokens_are_skipped(system: System) -> None:
    for token in (_TOKEN, {"token_id": -1, "version": -1}, {"token_id": 2**62, "version": 0}):
        status, answer = system.call("POST", "/states/validation", {"tokens": [token, token]})
        assert (status, answer["done"]) == (200, 0)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=1e3",
        "limit=x",
        "limit=1001",
        "limit=" + "9" * 5_000,
        "limit=%00",
        "limit=1.0",
        "after=x",
        "after=%00",
        "after=WzEsMl0=",
        "after=WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwiXHUwMDAwIl0=",
        "state=%00",
        "number=a%00b",
    ],
)
def test_a_wrong_query_is_the_callers_fault(system: System, query: str) -> None:
    status, body = system.call("GET", f"/orders?{query}")

    assert status == 400, body


@pytest.mark.parametrize("query", ["limit=", "limit=1&limit=2", "state=", "state=%27%3B--", "number=%25", "unknown=1"])
def test_an_odd_query_is_answered(system: System, query: str) -> None:
    assert system.call("GET", f"/orders?{query}")[0] == 200


@pytest.mark.parametrize("number", ["a%b", "100%25", "a/b", "o'b\"", "ñ 🚚", "x" * 5_000, "a+b", "..", "a\0b", ";drop"])
def test_an_odd_number_that_no_order_has_is_not_found(system: System, number: str) -> None:
    status, _ = system.call("GET", "/orders/" + urllib.parse.quote(number, safe=""))

    assert status in (400, 404)


@pytest.mark.parametrize("odd", ["a%b", "100%25", "a/b", "o'b\"", "ñ 🚚", "a+b", "&<>"])
def test_an_order_of_an_odd_number_is_found_by_it(system: System, number: str, odd: str) -> None:
    odd = f"{number} {odd}"
    system.put(OrderFile(number=odd).xml(), f"{number}.xml")

    assert system.ended(odd, "completed")["number"] == odd
    assert [row["number"] for row in system.rows(odd)] == [odd]


_MESSAGES: tuple[Any, ...] = (
    "not JSON",
    "[]",
    "3",
    "{}",
    '{"tokens": 3}',
    '{"tokens": [{"token_id": 1e400, "version": 1}]}',
    '{"mails": 3}',
    '{"mails": [{"order_id": "x", "kind": "y"}]}',
    '{"mails": [3]}',
    '{"mails": [{"order_id": "00000000-0000-0000-0000-000000000000", "kind": "a\\u0000"}]}',
    '{"mails": [{"order_id": "00000000-0000-0000-0000-000000000000", "kind": "a\\ud800"}]}',
    '{"operation_id": "x"}',
    '{"eventType": "Bounce", "mail": {"messageId": "m", "tags": {"order_id": '
    '["00000000-0000-0000-0000-000000000000"], "kind": ["k"]}}, "bounce": {"bounceType": "Permanent", '
    '"bounceSubType": "a\\u0000", "timestamp": "2026-01-01T00:00:00Z", "bouncedRecipients": []}}',
    '{"Records": [{}]}',
    '{"Records": 3}',
)


@pytest.mark.parametrize(
    "queue", ["transitions", "transitions-eom", "notifications", "inbox-events", "operations", "mail-feedback"]
)
def test_malformed_messages_do_not_take_good_ones_down(system: System, number: str, queue: str) -> None:
    sqs = system.aws("sqs")
    url = sqs.get_queue_url(QueueName=f"mtd-local-{queue}")["QueueUrl"]
    entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(_MESSAGES)]
    for start in range(0, len(entries), 10):
        sqs.send_message_batch(QueueUrl=url, Entries=entries[start : start + 10])
    system.put(OrderFile(number=number).xml(), f"{number}.xml")

    system.ended(number, "completed", 25)
    until(lambda: system.mails(number), lambda mails: len(mails) == 1)
    arns = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    assert json.loads(arns)["maxReceiveCount"] == 10
