"""The one signed client of the API, against a server of the test's own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.credentials import Credentials

from mtd.adapters.aws.signed_api import SignedApi
from mtd.domain.errors import Conflict, InvalidRequest, MtdError, NotFound, UnavailableError

OWN = json.dumps({"code": "its_own", "message": "no"})


class Server(ThreadingHTTPServer):
    """Gives its answers (status and text) in their order, the last one for ever, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, str]] = [(200, "{}")]
        self.asked: list[tuple[str, str, str]] = []
        self.headers: list[Any] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self.server.asked.append((self.command, self.path, body))
        self.server.headers.append(self.headers)
        status, text = self.server.answers[0]
        self.server.answers = self.server.answers[1:] or self.server.answers
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    serving = Server()
    threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield serving
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def api(server: Server) -> SignedApi:
    credentials = Credentials("AKIDEXAMPLE", "secret")
    return SignedApi(f"http://127.0.0.1:{server.server_port}/live/", "us-west-2", credentials=credentials, tries=2)


def test_a_request_is_signed_and_names_its_tenant(server: Server, api: SignedApi) -> None:
    """SigV4: the credential's scope is key, date, region, service and a constant."""
    api.of("andes").call("GET", "/orders", query={"state": "x y", "after": None})

    assert server.asked == [("GET", "/live/orders?state=x%20y", "")]
    signature = server.headers[0]["authorization"]
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/us-west-2/execute-api/aws4_request" in signature
    assert "x-mtd-tenant" in signature
    assert server.headers[0]["x-mtd-tenant"] == "andes"
    api.call("GET", "/orders")
    assert "x-mtd-tenant" not in server.headers[1]


def test_what_is_none_is_left_out(server: Server, api: SignedApi) -> None:
    api.call("POST", "/waiting", body={"numbers": None, "person": "ana"})
    assert server.asked == [("POST", "/live/waiting", '{"person": "ana"}')]


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, InvalidRequest), (403, InvalidRequest), (404, NotFound), (409, Conflict), (503, UnavailableError)],
)
@pytest.mark.parametrize(("text", "code"), [(OWN, "its_own"), ("<html>", "api_refused"), ("[]", "api_refused")])
def test_a_refusal_has_its_kind_and_the_apis_code(
    server: Server, api: SignedApi, status: int, error: type[MtdError], text: str, code: str
) -> None:
    server.answers = [(status, text)]
    with pytest.raises(error) as refused:
        api.call("POST", "/waiting", body={})
    assert refused.value.code == code
    assert len(server.asked) == 1


def test_a_get_is_sent_again_where_nothing_answered_and_a_post_never(server: Server, api: SignedApi) -> None:
    server.answers = [(502, "<html>"), (200, '{"a": 1}')]
    assert api.call("GET", "/summary") == {"a": 1}
    server.answers = [(502, "<html>"), (200, "{}")]
    with pytest.raises(UnavailableError):
        api.call("POST", "/waiting", body={})
    server.answers = [(404, OWN), (200, "{}")]
    with pytest.raises(NotFound):
        api.call("GET", "/orders/1")
    assert [method for method, _, _ in server.asked] == ["GET", "GET", "POST", "GET"]


def test_no_answer_and_no_json_are_unavailable(server: Server, api: SignedApi) -> None:
    server.answers = [(200, "<html>")]
    with pytest.raises(UnavailableError, match="no JSON"):
        api.call("GET", "/summary")
    nobody = SignedApi("http://127.0.0.1:1", "us-west-2", credentials=Credentials("a", "b"))
    with pytest.raises(UnavailableError, match="does not answer"):
        nobody.call("GET", "/summary")
