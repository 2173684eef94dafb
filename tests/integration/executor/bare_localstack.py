"""A LocalStack of its own, with the plug-in and nothing else, in a temporary folder on free ports."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
REGION = "us-west-2"
START_TIMEOUT_S = 90.0


class MissingInterpreter(Exception):
    """An interpreter that the tests need is not there; the message says how to get it."""


def interpreter(variable: str, kind: str) -> Path:
    """The python of environment ``kind``: named by ``variable``, or the newest below .mtd/venvs."""
    named = os.environ.get(variable)
    if named:
        if not os.access(named, os.X_OK):
            raise MissingInterpreter(f"{variable}={named} is no program that can be run.")
        return Path(named)
    found = sorted(ROOT.glob(f".mtd/venvs/{kind}-*/bin/python"), key=lambda path: path.lstat().st_mtime)
    if not found:
        raise MissingInterpreter(f"There is no .mtd/venvs/{kind}-*: run `make up` once, or set {variable}.")
    return found[-1]


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def poll[T](what: Callable[[], T | None], *, timeout_s: float = 30.0, because: str = "") -> T:
    """Ask until the answer is true in a condition, or ``timeout_s`` have passed (AssertionError)."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {because or what}"
        time.sleep(0.05)


class BareLocalStack:
    """Starts LocalStack; ``stop`` it, or use it as a context manager."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.work_dir = folder / "lambda"
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.log = folder / "localstack.log"
        temporary = folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "TMPDIR": str(temporary),
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "GATEWAY_SERVER": "mtd-loopback",
            "LOCALSTACK_VOLUME_DIR": str(folder / "volume"),
            "FILESYSTEM_ROOT": str(folder / "filesystem"),
            "OVERRIDE_IN_DOCKER": "0",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DISABLE_EVENTS": "1",
            "LAMBDA_RUNTIME_EXECUTOR": "mtd-process",
            "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "60",
            "MTD_LAMBDA_PYTHON": str(interpreter("MTD_LAMBDA_PYTHON", "lambda")),
            "MTD_LAMBDA_WORK_DIR": str(self.work_dir),
            "MTD_S3_STORAGE_DIR": str(folder / "s3"),
            **(settings or {}),
        }
        python = interpreter("MTD_EMULATOR_PYTHON", "emulator")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(python), "-m", "localstack.runtime.main"],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            poll(self._healthy, timeout_s=START_TIMEOUT_S, because=f"LocalStack answers; see {self.log}")
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> "BareLocalStack":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _healthy(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"LocalStack ended at once:\n{self.log.read_text()[-3000:]}")
        try:
            self.request("GET", "/_localstack/health")
        except OSError:
            return False
        return True

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """One HTTP request to the gateway, JSON both ways."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def client(self, service: str, *, account: str = "000000000000") -> Any:
        """A boto3 client of this LocalStack; ``account`` isolates what a test makes."""
        import boto3
        from botocore.config import Config

        client: Any = boto3.client  # its stubs know each service by its literal name only
        return client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=account,
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 0}, read_timeout=60, max_pool_connections=32),
        )

    def stop(self) -> None:
        """End it in an orderly way; by force when that takes too long."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
