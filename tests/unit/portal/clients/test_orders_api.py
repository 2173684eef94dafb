"""The API as the portal calls it, against a server of the test's own."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mtd.adapters.aws.signed_api import SignedApi
from mtd.domain.errors import Conflict, InvalidRequest, MtdError, NotFound, UnavailableError
from portal.clients.orders_api import OrdersApi

type Call = Callable[[OrdersApi], object]


class Server(ThreadingHTTPServer):
    """Answers every request with one answer, and keeps what it was asked."""

    status = 200
    answer: Any = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        assert self.headers["authorization"].startswith("AWS4-HMAC-SHA256")
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.command, self.path, body))
        content = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    serving = Server()
    threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield serving
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def api(server: Server) -> OrdersApi:
    return OrdersApi(SignedApi(f"http://127.0.0.1:{server.server_port}", "us-west-2"))


CALLS: list[tuple[Call, Any, str, Any]] = [
    (lambda api: api.push_waiting(None), {"pushed": []}, "/waiting", {}),
    (lambda api: api.push_waiting(["1"]), {"pushed": ["1"]}, "/waiting", {"numbers": ["1"]}),
    (lambda api: api.reconcile_dte(None), {}, "/dte/reconciliations", {}),
    (lambda api: api.write_note("a/b", {"text": "x"}), {}, "/orders/a%2Fb/notes", {"text": "x"}),
    (lambda api: api.acknowledge_warning(7, "ana"), {}, "/warnings/7/acknowledge", {"person": "ana"}),
    (
        lambda api: api.rebind("a b", 2, {"keep": False}),
        {"version": None},
        "/processes/a%20b/versions/2/rebind",
        {"keep": False},
    ),
    (lambda api: api.simulate("a b", 2, {"number": None}), {}, "/processes/a%20b/versions/2/simulate", {}),
    (lambda api: api.migrate("p", {"mode": "run"}), {"operation_id": 5}, "/processes/p/migrations", {"mode": "run"}),
]


@pytest.mark.parametrize(("call", "answer", "path", "body"), CALLS)
def test_what_is_not_said_is_left_out(
    server: Server, api: OrdersApi, call: Call, answer: Any, path: str, body: Any
) -> None:
    """API Gateway's models know no null, and refuse it."""
    server.answer = answer
    call(api)
    assert server.asked == [("POST", path, body)]


@pytest.mark.parametrize(
    ("status", "error"), [(400, InvalidRequest), (404, NotFound), (409, Conflict), (503, UnavailableError)]
)
def test_a_refusal_keeps_the_apis_code(server: Server, api: OrdersApi, status: int, error: type[MtdError]) -> None:
    server.status, server.answer = status, {"code": "its_own", "message": "no"}
    with pytest.raises(error) as refused:
        api.acknowledge_warning(7, "ana")
    assert refused.value.code == "its_own"
