"""The portal's reading of a request before it knows its sender."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send
from tests.unit.portal.services import FakePortal

from portal.access.accounts import Role
from portal.access.body_limit import LARGEST_FORM_BYTES, BodyLimit
from portal.access.uploads import LARGEST_BYTES
from portal.connections import ImpatientProtocol

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_a_form_that_says_that_it_is_large_is_not_read(portal: FakePortal) -> None:
    read = 0

    def content() -> Iterator[bytes]:
        nonlocal read
        while read < 200_000_000:
            read += 65_536
            yield b"x" * 65_536

    answer = portal.client().post("/login", content=content(), headers=FORM | {"content-length": "200000000"})
    assert answer.status_code == 413
    assert "512 kB" in answer.text


def test_a_form_that_does_not_say_so_is_read_no_further_than_its_limit() -> None:
    parts = 0

    async def receive() -> Message:
        nonlocal parts
        parts += 1
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    status, read = run_limited(receive, [])
    assert status == 413
    assert read == LARGEST_FORM_BYTES
    assert parts == LARGEST_FORM_BYTES // 65_536 + 1


def test_a_body_that_does_not_end_is_given_up() -> None:
    async def receive() -> Message:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    started = time.monotonic()
    status, _ = run_limited(receive, [(b"content-length", b"1000")], seconds=0.2)
    assert status == 408
    assert time.monotonic() - started < 2


def test_a_page_may_wait_for_ever_for_a_disconnect() -> None:
    """The stream of events asks again after the body, until the browser goes."""

    async def receive() -> Message:
        await asyncio.sleep(0.15)
        return {"type": "http.disconnect"}

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    bodies = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def first_a_body() -> Message:
        return next(bodies, None) or await receive()

    limited = BodyLimit(app, largest={}, seconds=0.05)
    asyncio.run(limited({"type": "http", "path": "/stream", "headers": []}, first_a_body, _send))


@pytest.mark.parametrize(("path", "expected"), [("/processes/import", 400), ("/login", 413)])
def test_only_a_page_that_takes_files_takes_their_size(portal: FakePortal, path: str, expected: int) -> None:
    client = portal.client(Role.SUPERVISOR) if path != "/login" else portal.client()
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post(path, content=b"x" * (LARGEST_BYTES - 10), headers=headers)
    assert answer.status_code == expected


def test_a_correction_of_many_lines_fits(portal: FakePortal) -> None:
    fields = {f"document.lines.{line}.{name}": "x" * 12 for line in range(150) for name in ("name", "price", "unit")}
    assert portal.client(Role.OPERATOR).post("/operations/try", data=fields).status_code != 413


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server whose connections are impatient."""

    class Protocol(ImpatientProtocol):
        request_seconds = 0.3

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await asyncio.sleep(0.6)  # an answer that takes its time is nobody's slowness
        await send({"type": "http.response.body", "body": b"ok"})

    serving = uvicorn.Server(uvicorn.Config(app, port=0, http=Protocol, log_level="error", lifespan="off"))
    thread = threading.Thread(target=serving.run)
    thread.start()
    while not serving.started:
        time.sleep(0.01)
    yield serving.servers[0].sockets[0].getsockname()[1]
    serving.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_connection_that_asks_for_nothing_ends(server: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=5) as connection:
        connection.sendall(sent)
        assert connection.recv(100) == b""


def test_a_whole_request_gets_its_answer_however_long_it_takes(server: int) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=5) as connection:
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"ok"):
                answer += connection.recv(1000)
            assert answer.startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET / HTTP/1.1\r\nHost")
        assert connection.recv(100) == b""


async def _send(_: Message) -> None: ...


def run_limited(receive: Receive, headers: list[tuple[bytes, bytes]], seconds: float = 5) -> tuple[int, int]:
    """The status with which reading a form ends, and the bytes that were read before."""
    read = 0

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        nonlocal read
        while (message := await receive()).get("more_body"):
            read += len(message["body"])

    limited = BodyLimit(app, largest={}, seconds=seconds)
    with pytest.raises(HTTPException) as ended:
        asyncio.run(limited({"type": "http", "path": "/login", "headers": headers}, receive, _send))
    return ended.value.status_code, read
