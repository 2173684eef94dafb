"""One HTTP/1.1 connection to the gateway: requests read by httptools, answered by a WSGI application."""

import logging
import socket
from collections import deque
from collections.abc import Callable, Iterable
from email.utils import formatdate
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import httptools  # type: ignore[import-not-found]

from mtd_localstack.gateway.foreign_pages import refusal

LOG = logging.getLogger(__name__)

_READ_BYTES = 1 << 18
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODILESS = ("1", "204", "304")

type Environ = dict[str, Any]
type Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class GatewayConnection:
    """Reads requests and writes answers, in order, until either side closes; the ``on_`` methods are httptools'."""

    def __init__(self, connection: socket.socket, application: Application, scheme: str) -> None:
        self._connection = connection
        self._application = application
        self._parser = httptools.HttpRequestParser(self)
        server, client = connection.getsockname(), connection.getpeername()
        self._constant = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": server[0],
            "SERVER_PORT": str(server[1]),
            "REMOTE_ADDR": client[0],
            "REMOTE_PORT": str(client[1]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme,
            "wsgi.errors": _Errors(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
        }
        self._complete: deque[tuple[Environ, bool]] = deque()

    def serve(self) -> None:
        """Serve until the client closes, asks for it, or sends what is not HTTP. Raises OSError when it is gone."""
        while data := self._connection.recv(_READ_BYTES):
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade:
                return self._refuse("501 Not Implemented")
            except httptools.HttpParserError:
                return self._refuse("400 Bad Request")
            while self._complete:
                environ, keep_alive = self._complete.popleft()
                if not self._answer(environ, keep_alive):
                    return None
        return None

    def on_message_begin(self) -> None:
        """A request starts."""
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()

    def on_url(self, url: bytes) -> None:
        """A piece of its target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The body comes next, or not before it is asked for."""
        if any(name.lower() == b"expect" and value.lower() == b"100-continue" for name, value in self._headers):
            self._connection.sendall(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """A piece of its body, chunks already taken apart."""
        self._body += body

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._complete.append((self._environ(), self._parser.should_keep_alive()))

    def _environ(self) -> Environ:
        target = self._url.decode("latin-1")
        path, _, query = target.partition("?")
        if not target.startswith("/"):
            # The absolute form, as sent to proxies (RFC 9112, 3.2.2).
            parts = urlsplit(target)
            path, query = parts.path or "/", parts.query
        environ: Environ = {
            **self._constant,
            "REQUEST_METHOD": self._parser.get_method().decode("latin-1"),
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "RAW_URI": target,
            "SERVER_PROTOCOL": f"HTTP/{self._parser.get_http_version()}",
            "wsgi.input": BytesIO(self._body),
            # Names as they were sent: S3's metadata and signatures are particular about them.
            "rolo.headers": self._headers,
        }
        for name, value in self._headers:
            key = name.decode("latin-1").upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = f"HTTP_{key}"
            text = value.decode("latin-1")
            environ[key] = f"{environ[key]},{text}" if key in environ else text
        return environ

    def _answer(self, environ: Environ, keep_alive: bool) -> bool:
        """Have the application answer; whether the connection stays."""
        if reason := refusal(environ["rolo.headers"]):
            body = f"refused: {reason}\n".encode()
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
            return self._write(environ, "403 Forbidden", headers, [body], keep_alive=False)
        answer: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            answer[:] = [status, headers]

        chunks = self._application(environ, start_response)
        try:
            status, headers = answer
            return self._write(environ, status, headers, chunks, keep_alive)
        finally:
            if close := getattr(chunks, "close", None):
                close()

    def _write(
        self, environ: Environ, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes], keep_alive: bool
    ) -> bool:
        names = {name.lower() for name, _ in headers}
        bodiless = environ["REQUEST_METHOD"] == "HEAD" or status.startswith(_BODILESS)
        chunked = not bodiless and "content-length" not in names
        if chunked and environ["SERVER_PROTOCOL"] == "HTTP/1.0":
            chunked = keep_alive = False
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if "date" not in names:
            lines.append(f"Date: {formatdate(usegmt=True)}")
        if chunked:
            lines.append("Transfer-Encoding: chunked")
        if not keep_alive:
            lines.append("Connection: close")
        pending = bytearray("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n")
        for chunk in () if bodiless else chunks:
            if not chunk:
                continue
            pending += b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk
            if chunked or len(pending) > _READ_BYTES:
                self._connection.sendall(pending)
                pending.clear()
        if chunked:
            pending += b"0\r\n\r\n"
        self._connection.sendall(pending)
        return keep_alive

    def _refuse(self, status: str) -> None:
        self._connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


class _Errors:
    """WSGI's error stream, into the log."""

    def write(self, text: str) -> None:
        LOG.error("%s", text.rstrip())

    def flush(self) -> None:
        pass
