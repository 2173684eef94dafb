"""The little HTTP/1.1 that the Lambda Runtime API needs, without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
MAX_HEAD_BYTES = 1 << 21
"""The error header of the Runtime API (X-Ray cause) alone may take 1 MB."""


class BadRequest(Exception):
    """The bytes are not a request of the Runtime API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A whole request; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class RequestReader:
    """Puts requests together from the pieces that a connection delivers."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Request | None = None
        self._length = 0

    def feed(self, data: bytes) -> bool:
        """Take a piece; True when the sender waits for CONTINUE before it sends the body."""
        self._buffer += data
        if self._head is not None:
            return False
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise BadRequest("the request's head is too long")
            return False
        self._head = parse_head(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        try:
            self._length = int(self._head.headers.get("content-length", "0"))
        except ValueError as error:
            raise BadRequest("content-length is no number") from error
        expects = self._head.headers.get("expect", "").lower() == "100-continue"
        return expects and len(self._buffer) < self._length

    def next(self) -> Request | None:
        """A whole request, if there is one by now."""
        head = self._head
        if head is None or len(self._buffer) < self._length:
            return None
        body = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        self._head = None
        return Request(method=head.method, path=head.path, headers=head.headers, body=body)


def parse_head(head: bytes) -> Request:
    """Parse request line and headers (without the empty line that ends them)."""
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3:
        raise BadRequest(f"no request line: {lines[0][:80]!r}")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(method=words[0], path=words[1], headers=headers, body=b"")


def response(status: str, body: bytes, headers: Mapping[str, str] = {}) -> bytes:
    """A whole response with a JSON body."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body
