"""Calls over a real socket: what is sent, which answers are read, and what is cut off."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mtd.adapters.systems.addresses import AllowedAddresses
from mtd.adapters.systems.connection import LARGEST_ANSWER, HttpSystems
from mtd.domain.errors import BusinessError, NoAnswerError
from mtd.domain.systems.system import System
from mtd.usecases.systems.ports import UNREADABLE, SystemRequest

LOCAL = AllowedAddresses.read("127.0.0.1:*,localhost:*", "127.0.0.0/8,::1/128")
CHECK = SystemRequest(method="POST", path="/check", body={"id": "N-1"}, key="K-1")

type Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A server that answers as told, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        kept = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                kept.requests.append((self.command, self.path, headers, body))
                kept.answers.pop(0)(self)

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._serve
                raise AttributeError(name)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.stop()


def says(status: int, content: Any, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def systems(*secrets: dict[str, str], clock: Callable[[], float] = time.monotonic) -> HttpSystems:
    left = list(secrets)
    return HttpSystems(LOCAL, lambda _: json.dumps(left.pop(0) if len(left) > 1 else left[0]), clock)


def fraud(server: Server, **more: Any) -> System:
    return System(name="fraud", url=f"{server.url}/api", **more)


def test_a_request_has_its_key_and_its_body(server: Server) -> None:
    server.answers = [says(200, {"score": 10.10, "nested": {"a": [1, None]}})]

    answer = systems().send(fraud(server), CHECK, 2)

    [(method, path, headers, body)] = server.requests
    assert (method, path, json.loads(body)) == ("POST", "/api/check", {"id": "N-1"})
    assert headers["idempotency-key"] == "K-1"
    assert "authorization" not in headers
    assert (answer.status, str(answer.content["score"]), answer.content["nested"]) == (200, "10.1", {"a": [1, None]})


def test_a_get_has_a_query_and_no_key(server: Server) -> None:
    server.answers = [says(200, [])]
    body = {"rut": "1-9", "days": 30, "tags": ["a", "b"], "none": None}

    systems().send(fraud(server), SystemRequest(method="GET", path="/history", body=body), 2)

    [(_, path, headers, sent)] = server.requests
    assert (path, sent) == ("/api/history?rut=1-9&days=30&tags=a&tags=b", b"")
    assert "idempotency-key" not in headers


def test_the_secrets_header_is_sent(server: Server) -> None:
    server.answers = [says(200, {})]

    systems({"kind": "api_key", "key": "K", "header": "X-Fraud"}).send(fraud(server, secret="fraud"), CHECK, 2)

    assert server.requests[0][2]["x-fraud"] == "K"


def test_refused_credentials_are_read_again_once(server: Server) -> None:
    server.answers = [says(401, {}), says(200, {}), says(401, {}), says(401, {})]
    connection = systems({"kind": "bearer", "token": "old"}, {"kind": "bearer", "token": "new"})

    assert connection.send(fraud(server, secret="fraud"), CHECK, 2).status == 200
    assert [each[2]["authorization"] for each in server.requests] == ["Bearer old", "Bearer new"]
    assert connection.send(fraud(server, secret="fraud"), CHECK, 2).status == 401
    assert len(server.requests) == 4


def test_a_token_is_kept_until_it_ends(server: Server) -> None:
    now = [1000.0]
    secret = {"kind": "oauth2", "client_id": "i", "client_secret": "s", "token_url": f"{server.url}/token"}
    connection = systems(secret, clock=lambda: now[0])
    token = says(200, {"access_token": "T1", "expires_in": 100}), says(200, {"access_token": "T2"})
    server.answers = [token[0], says(200, {}), says(200, {}), token[1], says(200, {})]
    system = fraud(server, secret="fraud")

    for passes in (0, 60, 20):
        now[0] += passes
        connection.send(system, CHECK, 2)

    assert [each[1] for each in server.requests] == ["/token", "/api/check", "/api/check", "/token", "/api/check"]
    assert [each[2]["authorization"] for each in server.requests[1::1] if each[1] == "/api/check"] == [
        "Bearer T1",
        "Bearer T1",
        "Bearer T2",
    ]
    assert server.requests[0][3] == b"grant_type=client_credentials"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(400, {"error": "invalid_client"}), "token_refused"),
        (says(200, {"token": "T"}), "token_refused"),
        (says(200, b"<html>"), "token_refused"),
        (says(200, {"access_token": "T\r\nX: 1"}), "secret_malformed"),
    ],
)
def test_without_a_token_nothing_is_called(server: Server, answer: Answer, code: str) -> None:
    secret = {"kind": "oauth2", "client_id": "i", "client_secret": "s", "token_url": f"{server.url}/token"}
    server.answers = [answer]

    with pytest.raises(NoAnswerError) as refused:
        systems(secret).send(fraud(server, secret="fraud"), CHECK, 2)
    assert (refused.value.code, len(server.requests)) == (code, 1)


def test_a_token_server_may_not_be_anywhere(server: Server) -> None:
    secret = {"kind": "oauth2", "client_id": "i", "client_secret": "s", "token_url": "http://169.254.169.254/token"}

    with pytest.raises(NoAnswerError) as refused:
        systems(secret).send(fraud(server, secret="fraud"), CHECK, 2)
    assert refused.value.code == "address_refused"


@pytest.mark.parametrize("content", [b"<html>", b"{", b"NaN", b'{"a": Infinity}', b"\xff\xfe\x00", b"[" * 100_000])
def test_an_answer_that_is_no_json_is_told_as_such(server: Server, content: bytes) -> None:
    server.answers = [says(200, content)]

    answer = systems().send(fraud(server), CHECK, 2)

    assert answer.content is UNREADABLE
    assert len(answer.text) <= 300


def test_an_empty_answer_is_an_empty_object(server: Server) -> None:
    server.answers = [says(204, b"")]

    assert systems().send(fraud(server), CHECK, 2).content == {}


def test_an_answer_that_is_too_large_is_not_kept(server: Server) -> None:
    server.answers = [says(200, b'"' + b"a" * LARGEST_ANSWER + b'"'), says(200, {})]
    connection = systems()

    with pytest.raises(BusinessError) as refused:
        connection.send(fraud(server), CHECK, 2)

    assert refused.value.code == "answer_too_large"
    # The broken connection is not used again.
    assert connection.send(fraud(server), CHECK, 2).status == 200


def test_an_answer_that_comes_byte_by_byte_is_cut_off(server: Server) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(60):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.05)

    server.answers = [drip]
    started = time.monotonic()

    with pytest.raises(NoAnswerError) as silent:
        systems().send(fraud(server), CHECK, 0.4)

    assert (silent.value.code, time.monotonic() - started < 1.5) == ("timed_out", True)


def test_a_system_that_says_nothing_is_told_as_such(server: Server) -> None:
    server.answers = [lambda _: time.sleep(1)]

    with pytest.raises(NoAnswerError) as silent:
        systems().send(fraud(server), CHECK, 0.2)
    assert silent.value.code == "timed_out"


def test_a_redirect_is_an_answer_and_is_not_followed(server: Server) -> None:
    server.answers = [says(302, b"", Location=f"{server.url}/elsewhere")]

    assert systems().send(fraud(server), CHECK, 2).status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("-1", None), ("9" * 30, 999999999.0)],
)
def test_a_system_says_when_to_come_again(server: Server, header: str, seconds: float | None) -> None:
    server.answers = [says(429, {}, Retry_After=header)]

    assert systems().send(fraud(server), CHECK, 2).retry_after == seconds


def test_a_host_that_is_not_listed_is_not_called(server: Server) -> None:
    connection = HttpSystems(AllowedAddresses.read("fraud.example", ""), lambda _: "")

    with pytest.raises(NoAnswerError) as refused:
        connection.send(fraud(server), CHECK, 2)
    assert (refused.value.code, server.requests) == ("address_refused", [])


def test_a_listed_name_that_leads_to_a_private_address_is_not_called(server: Server) -> None:
    connection = HttpSystems(AllowedAddresses.read("localhost:*", "10.0.0.0/8"), lambda _: "")
    system = System(name="fraud", url=server.url.replace("127.0.0.1", "localhost"))

    with pytest.raises(NoAnswerError) as refused:
        connection.send(system, CHECK, 2)
    assert (refused.value.code, server.requests) == ("address_refused", [])


def test_nobody_there_is_told_as_such() -> None:
    with pytest.raises(NoAnswerError) as silent:
        systems().send(System(name="fraud", url="http://127.0.0.1:9"), CHECK, 1)
    assert silent.value.code == "unreachable"
