"""The gateway's HTTP, spoken by hand over a socket."""

import contextlib
import io
import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest
from tests.integration.executor.bare_localstack import BareLocalStack

HEALTH = b"/_localstack/health"


class Unclosed(io.BufferedReader):
    """HTTPResponse closes what it has read to the end; the next answer comes from the same buffer."""

    def close(self) -> None:
        pass


class Line:
    """One connection; each answer is read to its end."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._reader = Unclosed(socket.SocketIO(connection, "r"))

    def makefile(self, _: str) -> io.BufferedReader:
        return self._reader

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(self, method: str = "GET") -> tuple[HTTPResponse, bytes]:
        response = HTTPResponse(self, method=method)  # type: ignore[arg-type]  # makefile is all it asks for
        response.begin()
        return response, response.read()

    def closed(self) -> bool:
        return self._reader.read(1) == b""


@contextlib.contextmanager
def connect(localstack: BareLocalStack) -> Iterator[Line]:
    with socket.create_connection(("127.0.0.1", localstack.port), timeout=30) as connection:
        yield Line(connection)


@pytest.fixture
def line(localstack: BareLocalStack) -> Iterator[Line]:
    with connect(localstack) as made:
        yield made


def put(key: bytes, body: bytes, *headers: bytes) -> bytes:
    lines = [b"PUT /http/" + key + b" HTTP/1.1", b"Host: s3.us-west-2.localhost", *headers]
    lines.append(b"Authorization: AWS4-HMAC-SHA256 Credential=500000000001/20260101/us-west-2/s3/aws4_request")
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def bucket(localstack: BareLocalStack) -> str:
    s3 = localstack.client("s3", account="500000000001")
    s3.create_bucket(Bucket="http", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return "http"


def stored(localstack: BareLocalStack, key: str) -> bytes:
    body: bytes = localstack.client("s3", account="500000000001").get_object(Bucket="http", Key=key)["Body"].read()
    return body


def test_a_connection_serves_one_request_after_the_other(line: Line) -> None:
    for _ in range(3):
        line.send(b"GET " + HEALTH + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        response, body = line.answer()
        assert response.status == 200
        assert b"services" in body
        assert response.getheader("date")


def test_requests_sent_ahead_are_answered_in_their_order(line: Line) -> None:
    paths = [HEALTH, b"/_mtd/requests", b"/_mtd/environments"]
    line.send(b"".join(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths))
    bodies = [line.answer()[1] for _ in paths]
    assert b"services" in bodies[0]
    assert b"external" in bodies[1]
    assert bodies[2].startswith(b"[")


def test_a_request_may_come_byte_by_byte(line: Line) -> None:
    for byte in b"GET " + HEALTH + b" HTTP/1.1\r\nHost: x\r\n\r\n":
        line.send(bytes([byte]))
    assert line.answer()[0].status == 200


def test_head_has_no_body(line: Line) -> None:
    line.send(b"HEAD " + HEALTH + b" HTTP/1.1\r\nHost: x\r\n\r\nGET " + HEALTH + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert line.answer("HEAD")[1] == b""
    assert line.answer()[0].status == 200


@pytest.mark.parametrize(
    "ask", [b"GET %b HTTP/1.0\r\n\r\n", b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
)
def test_the_connection_ends_when_the_client_wants_it(line: Line, ask: bytes) -> None:
    line.send(ask % HEALTH)
    assert line.answer()[0].status == 200
    assert line.closed()


def test_an_absolute_target_is_understood(line: Line) -> None:
    line.send(b"GET http://anywhere" + HEALTH + b"?a=b HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"services" in line.answer()[1]


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (b"\x00\x01nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 501),
    ],
)
def test_malformed_requests_are_refused(line: Line, ask: bytes, status: int) -> None:
    line.send(ask)
    assert line.answer()[0].status == status
    assert line.closed()


@pytest.mark.usefixtures("bucket")
def test_a_chunked_body_is_put_together(localstack: BareLocalStack, line: Line) -> None:
    line.send(put(b"chunked", b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"))
    assert line.answer()[0].status == 200
    assert stored(localstack, "chunked") == b"hello world"


@pytest.mark.usefixtures("bucket")
def test_a_body_waits_until_it_is_asked_for(localstack: BareLocalStack, line: Line) -> None:
    line.send(put(b"asked", b"", b"Content-Length: 4", b"Expect: 100-continue"))
    assert line.connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    line.send(b"body")
    assert line.answer()[0].status == 200
    assert stored(localstack, "asked") == b"body"


def test_a_large_object_comes_back_as_it_went(localstack: BareLocalStack, bucket: str) -> None:
    body = bytes(range(256)) * 80_000
    s3 = localstack.client("s3", account="500000000001")
    s3.put_object(Bucket=bucket, Key="large", Body=body)
    assert stored(localstack, "large") == body


def test_names_and_metadata_keep_their_spelling(localstack: BareLocalStack, bucket: str) -> None:
    s3 = localstack.client("s3", account="500000000001")
    s3.put_object(Bucket=bucket, Key="año %20 +&?=/ñ.xml", Body=b"x", Metadata={"Some_Thing-else": "1"})
    (row,) = s3.list_objects_v2(Bucket=bucket, Prefix="año")["Contents"]
    assert row["Key"] == "año %20 +&?=/ñ.xml"
    assert s3.head_object(Bucket=bucket, Key=row["Key"])["Metadata"] == {"some_thing-else": "1"}


def test_https_is_served_on_the_same_port(localstack: BareLocalStack) -> None:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with connect(localstack) as plain, trusting.wrap_socket(plain.connection) as encrypted:
        line = Line(encrypted)
        line.send(b"GET " + HEALTH + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.answer()[0].status == 200
    with connect(localstack) as other:
        other.send(b"GET " + HEALTH + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert other.answer()[0].status == 200


@pytest.mark.parametrize(
    "headers",
    [
        b"Host: 127.0.0.1\r\nOrigin: https://evil.example\r\nContent-Type: text/plain",
        b"Host: rebound.example",
        b"Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site",
    ],
)
def test_a_page_of_another_site_gets_nothing(line: Line, headers: bytes) -> None:
    line.send(b"GET " + HEALTH + b" HTTP/1.1\r\n" + headers + b"\r\n\r\n")
    response, body = line.answer()
    assert response.status == 403
    assert body.startswith(b"refused: ")
    assert line.closed()
