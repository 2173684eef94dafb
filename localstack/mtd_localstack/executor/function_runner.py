"""One function process: its Runtime API, its output, its memory and its end, all watched by whoever calls ``wait``.

There is no thread of its own. The thread that has something to be done polls the process's sockets, pipe and pidfd
until the thing happened, so an idle process costs nothing and a call is not handed between threads.
"""

import fcntl
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from mtd_localstack.executor.fork_client import STATUS_UNKNOWN, ForkServer, ForkServerError
from mtd_localstack.executor.http_messages import CONTINUE, BadRequest, Request, RequestReader, response
from mtd_localstack.executor.log_events import LogAssembler, LogEvent
from mtd_localstack.executor.memory import MemoryGauge

PIPE_BYTES = 1 << 20
READ_BYTES = 1 << 18
MEMORY_TICK_S = 0.05
SEND_TIMEOUT_S = 10.0
API = "/2018-06-01/runtime/"
F_SETPIPE_SZ = 1031


class Happened(Enum):
    """The result of ``wait``."""

    NEXT = auto()
    RESPONSE = auto()
    ERROR = auto()
    INIT_ERROR = auto()
    EXITED = auto()
    OUT_OF_MEMORY = auto()
    TIMED_OUT = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a function process did, with the body of the request that told of it."""

    happened: Happened
    body: bytes = b""


class FunctionRunner:
    """Starts and talks to one function process. Not thread-safe, except for ``kill``."""

    def __init__(self, server: ForkServer, spec: Callable[[str], dict[str, Any]], *, memory_limit_mb: int) -> None:
        """Start the process; ``spec`` is called with the address of its Runtime API (host:port).

        Raises ForkServerError when the fork server is gone.
        """
        self._server = server
        self._memory_limit_mb = memory_limit_mb
        self._connections: dict[int, tuple[socket.socket, RequestReader]] = {}
        self._idle: socket.socket | None = None
        self._logs = LogAssembler()
        self._status: int | None = None
        self._output_ended = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4)
        self._listener.setblocking(False)
        self._output, log_fd = os.pipe2(os.O_CLOEXEC)
        host, port = self._listener.getsockname()[:2]
        try:
            enlarge(self._output)
            os.set_blocking(self._output, False)
            started = server.start(spec(f"{host}:{port}"), log_fd)
        except BaseException:
            self._listener.close()
            os.close(self._output)
            raise
        finally:
            os.close(log_fd)
        self.pid = started.pid
        self._pidfd = started.pidfd
        self._memory = MemoryGauge(started.pid)
        self._poll = select.poll()
        for fd in (self._listener.fileno(), self._output, self._pidfd):
            self._poll.register(fd, select.POLLIN)

    @property
    def idle(self) -> bool:
        """Whether the process has asked for its next invocation."""
        return self._idle is not None

    def exited(self) -> bool:
        """Whether the process has ended."""
        return readable(self._pidfd, 0)

    def peak_memory_mb(self) -> int:
        """The most memory that the process has had resident, in MB."""
        return self._memory.peak_mb()

    def memory_mb(self) -> int:
        """The memory that the process has resident now, in MB."""
        return self._memory.current_mb()

    def take_logs(self, *, all_of_it: bool = True) -> list[LogEvent]:
        """The log events since the last time."""
        self._drain_output()
        return self._logs.take(all_of_it=all_of_it)

    def send(self, headers: Mapping[str, str], payload: bytes) -> None:
        """Answer the process's wait for its next invocation. Raises OSError when it is gone."""
        connection, self._idle = self._idle, None
        if connection is None:
            raise BrokenPipeError("the process has not asked for an invocation")
        reply(connection, "200 OK", payload, headers)

    def wait(self, deadline: float) -> Event:
        """Serve the process until it does something, or ``deadline`` (of time.monotonic) passes."""
        look = time.monotonic() + MEMORY_TICK_S
        while True:
            now = time.monotonic()
            if now >= deadline:
                return Event(Happened.TIMED_OUT)
            if now >= look:
                look = now + MEMORY_TICK_S
                if self._memory.peak_mb() > self._memory_limit_mb:
                    return Event(Happened.OUT_OF_MEMORY)
            ready = {fd for fd, _ in self._poll.poll((min(look, deadline) - now) * 1000 + 1)}
            if self._output in ready:
                self._drain_output()
            requests = ready & self._connections.keys()
            for fd in requests:
                event = self._serve(fd)
                if event is not None:
                    return event
            if self._listener.fileno() in ready:
                self._accept()
            elif self._pidfd in ready and not requests:
                self._drain_output()
                return Event(Happened.EXITED)

    def kill(self) -> None:
        """Kill the process and what it started; from any thread, at any time before ``close``."""
        if self._status is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def reap(self) -> int:
        """Kill what still runs, and say how the process ended: exit code, or minus a signal's number."""
        if self._status is None:
            self.kill()
            readable(self._pidfd, None)
            try:
                self._status = self._server.wait(self.pid)
            except ForkServerError:
                self._status = STATUS_UNKNOWN
        return self._status

    def close(self) -> None:
        """Kill and reap the process, and give everything back."""
        self.reap()
        for connection, _ in self._connections.values():
            connection.close()
        self._connections.clear()
        self._listener.close()
        self._memory.close()
        os.close(self._output)
        os.close(self._pidfd)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        connection.settimeout(SEND_TIMEOUT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = (connection, RequestReader())
        self._poll.register(connection.fileno(), select.POLLIN)

    def _drop(self, fd: int) -> None:
        connection, _ = self._connections.pop(fd)
        self._poll.unregister(fd)
        connection.close()
        if self._idle is connection:
            self._idle = None

    def _serve(self, fd: int) -> Event | None:
        connection, reader = self._connections[fd]
        try:
            data = connection.recv(READ_BYTES)
            if not data:
                self._drop(fd)
                return None
            if reader.feed(data):
                connection.sendall(CONTINUE)
            request = reader.next()
            return None if request is None else self._route(connection, request)
        except (BadRequest, OSError):
            self._drop(fd)
            return None

    def _route(self, connection: socket.socket, request: Request) -> Event | None:
        path = request.path.removeprefix(API)
        if request.method == "GET" and path == "invocation/next":
            self._idle = connection
            return Event(Happened.NEXT)
        if request.method == "POST" and path == "init/error":
            happened = Happened.INIT_ERROR
        elif request.method == "POST" and path.startswith("invocation/") and path.endswith("/response"):
            happened = Happened.RESPONSE
        elif request.method == "POST" and path.startswith("invocation/") and path.endswith("/error"):
            happened = Happened.ERROR
        else:
            reply(connection, "404 Not Found", b'{"errorMessage":"not found","errorType":"InvalidRequest"}')
            return None
        self._drain_output()
        reply(connection, "202 Accepted", b'{"status":"OK"}')
        return Event(happened, request.body)

    def _drain_output(self) -> None:
        while True:
            try:
                data = os.read(self._output, READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                if not self._output_ended:
                    self._output_ended = True
                    self._poll.unregister(self._output)
                return
            self._logs.feed(data)


def reply(connection: socket.socket, status: str, body: bytes, headers: Mapping[str, str] = {}) -> None:
    """Send a whole response."""
    connection.sendall(response(status, body, headers))


def readable(fd: int, timeout_ms: float | None) -> bool:
    """Whether there is something to read within that time (None: wait for it). select() takes no descriptor above 1023,
    and an emulator with many functions has more."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(timeout_ms))


def enlarge(pipe: int) -> None:
    """Let a function print much between two looks; a kernel that says no leaves the pipe as it is."""
    with suppress(OSError):
        fcntl.fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)
