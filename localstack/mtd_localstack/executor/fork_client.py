"""LocalStack's side of the fork servers: starts them, asks them for processes, replaces a dead one."""

import json
import logging
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOG = logging.getLogger(__name__)

SERVER_SCRIPT = Path(__file__).parents[1] / "runtime" / "fork_server.py"
MAX_MESSAGE = 1 << 18
STATUS_UNKNOWN = -signal.SIGKILL
"""Reported for a process whose fork server died before it could say how the process ended."""

PRELOADED = (
    *("json", "logging", "concurrent.futures.thread", "http.client", "ssl", "decimal", "uuid", "zoneinfo"),
    *("email.parser", "xml.etree.ElementTree", "traceback", "tempfile", "hashlib", "dataclasses", "asyncio"),
    *("simplejson", "snapshot_restore_py", "awslambdaric.lambda_context", "awslambdaric.lambda_config"),
    *("awslambdaric.lambda_runtime_log_utils", "awslambdaric.lambda_runtime_exception"),
    *("awslambdaric.lambda_literals", "awslambdaric.lambda_runtime_marshaller"),
    *("boto3.session", "botocore.session", "botocore.client", "botocore.loaders", "botocore.httpsession"),
    *("botocore.endpoint", "botocore.auth", "botocore.signers", "botocore.waiter", "botocore.paginate"),
    *("boto3", "urllib3", "dateutil.parser", "psycopg", "psycopg.rows", "psycopg.types.json"),
)
"""Third-party and standard modules that a function would import anyway; our own code never, it would go stale."""

WARMED_SERVICES = ("s3", "sqs", "ses", "stepfunctions", "secretsmanager")
"""The AWS services of which a first client is cheap in a forked function."""


class ForkServerError(Exception):
    """The fork server did not start, or ended while it was asked for something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A process started by a fork server; ``pidfd`` belongs to the receiver."""

    pid: int
    pidfd: int


class ForkServer:
    """One fork server process. Thread-safe; every method raises ForkServerError when the server is gone."""

    def __init__(self, python: Path, path: Sequence[str], *, fork: bool, log_file: Path) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [str(python), "-I", "-X", "utf8", str(SERVER_SCRIPT), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": ":UTC"},
            )
        self._socket = ours
        self._lock = threading.Lock()
        self._log_file = log_file
        self._ready = False
        self._broken = False
        self.modules: list[str] = []
        """The packages that are preloaded, known once the server has answered for the first time."""
        settings = {
            "path": list(path),
            "preload": list(PRELOADED) if fork else [],
            "services": list(WARMED_SERVICES),
            "exec": not fork,
        }
        try:
            ours.sendall(json.dumps(settings).encode())
        except OSError as error:
            raise self._gone() from error

    @property
    def pid(self) -> int:
        """Process id of the server itself."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the server still runs and answers; one that is just dying may not be reaped yet."""
        return not self._broken and self._process.poll() is None

    def start(self, spec: dict[str, Any], log_fd: int) -> Started:
        """Fork a function process whose output goes to ``log_fd``."""
        request = json.dumps({"op": "start", "spec": spec}).encode()
        with self._lock:
            try:
                self._await_ready()
                socket.send_fds(self._socket, [request], [log_fd])
                message, fds, _, _ = socket.recv_fds(self._socket, MAX_MESSAGE, 1)
            except OSError as error:
                raise self._gone() from error
        if not message:
            raise self._gone()
        return Started(pid=json.loads(message)["pid"], pidfd=fds[0])

    def wait(self, pid: int) -> int:
        """Reap a process that has ended or is about to; its exit code, or minus the signal that killed it."""
        with self._lock:
            try:
                self._socket.sendall(json.dumps({"op": "wait", "pid": pid}).encode())
                message = self._socket.recv(MAX_MESSAGE)
            except OSError as error:
                raise self._gone() from error
        if not message:
            raise self._gone()
        return int(json.loads(message)["status"])

    def stop(self) -> None:
        """End the server and every process it started."""
        with suppress(OSError):  # the other end may be gone already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_ready(self) -> None:
        if self._ready:
            return
        message = self._socket.recv(MAX_MESSAGE)
        if not message:
            raise self._gone()
        report = json.loads(message)
        self._ready = True
        self.modules = report["modules"]
        if report["threads"] != 1:
            LOG.error("The fork server %s has %s threads; forks of it may hang.", self.pid, report["threads"])
        for name, failure in report["failures"].items():
            LOG.warning("The fork server %s could not preload %s: %s", self.pid, name, failure)

    def _gone(self) -> ForkServerError:
        self._broken = True
        return ForkServerError(f"The fork server {self.pid} ended; its output is in {self._log_file}.")


class ForkServers:
    """The fork servers by layer set (the folders on sys.path), started when first needed."""

    def __init__(self, python: Path, work_dir: Path, *, fork: bool) -> None:
        self._python = python
        self._work_dir = work_dir
        self._fork = fork
        self._servers: dict[tuple[str, ...], ForkServer] = {}
        self._lock = threading.Lock()

    def get(self, path: tuple[str, ...]) -> ForkServer:
        """The running server of these layers; a new one when there is none, or it has died."""
        with self._lock:
            server = self._servers.get(path)
            if server is None or not server.alive():
                if server is not None:
                    LOG.warning("The fork server %s ended; another one takes its place.", server.pid)
                    server.stop()
                self._work_dir.mkdir(parents=True, exist_ok=True)
                log_file = self._work_dir / "fork-server.log"
                server = ForkServer(self._python, path, fork=self._fork, log_file=log_file)
                self._servers[path] = server
            return server

    def drop(self, path: tuple[str, ...]) -> None:
        """Stop the server of these layers, if there is one: no function uses them any more."""
        with self._lock:
            server = self._servers.pop(path, None)
        if server is not None:
            server.stop()

    def stop(self) -> None:
        """Stop all of them."""
        for path in list(self._servers):
            self.drop(path)
