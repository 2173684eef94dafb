"""The HTTP that the Runtime API needs."""

import pytest
from mtd_localstack.executor.http_messages import MAX_HEAD_BYTES, BadRequest, RequestReader, response

POST = b"POST /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nX-Name: v: w\r\n\r\nhello"


@pytest.mark.parametrize("size", [1, 3, 10, 1000])
def test_a_request_comes_in_pieces_of_any_size(size: int) -> None:
    reader = RequestReader()
    for start in range(0, len(POST), size):
        assert reader.next() is None
        reader.feed(POST[start : start + size])
    request = reader.next()
    assert request is not None
    assert (request.method, request.path, request.body) == ("POST", "/a/b", b"hello")
    assert request.headers["x-name"] == "v: w"


def test_a_connection_carries_request_after_request() -> None:
    reader = RequestReader()
    for _ in range(2):
        reader.feed(POST)
        assert reader.next() is not None
        assert reader.next() is None
    reader.feed(b"GET /next HTTP/1.1\r\n\r\n")
    request = reader.next()
    assert request is not None
    assert request.body == b""


def test_a_sender_that_waits_for_leave_is_reported_to_go_on() -> None:
    reader = RequestReader()
    assert reader.feed(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert not reader.feed(b"ok")
    request = reader.next()
    assert request is not None
    assert request.body == b"ok"


@pytest.mark.parametrize(
    "head", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"x" * (MAX_HEAD_BYTES + 1)]
)
def test_bytes_that_are_no_request_are_refused(head: bytes) -> None:
    with pytest.raises(BadRequest):
        RequestReader().feed(head)


def test_a_response_says_how_long_it_is() -> None:
    raw = response("200 OK", "ñ".encode(), {"Name": "value"})
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: application/json",
        b"Content-Length: 2",
        b"Name: value",
    ]
    assert body.decode() == "ñ"
