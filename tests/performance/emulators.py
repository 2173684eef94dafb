"""The emulators that peers.py compares: each started on a port of its own, in a folder of its own, for one run."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.integration.executor.bare_localstack import BareLocalStack, free_port, interpreter, poll

REGION = "us-west-2"
MINISTACK = "ministack==1.5.33"
SERVERLESS = ("serverless@3.40.0", "serverless-offline@13.9.0")
# As devenv/backends/emulator.py sets them.
_HOME = {
    "IN_MEMORY_CLIENT": "1",
    "LS_LOG": "warn",
    "SQS_ENDPOINT_STRATEGY": "path",
    "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.001",
    "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "0.1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """A running one. `before_call` makes the next call of a function a cold one, where every call is to be one."""

    endpoint: str
    api: Callable[[str, str], str]
    """The URL of a REST API's path, from the API's id and the path."""
    before_call: Callable[[str], None] = lambda _: None
    triggers: frozenset[str] = frozenset({"s3", "sqs", "api", "states"})

    def client(self, service: str) -> Any:
        """A boto3 client of it."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="000000000000",
            aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60, s3={"addressing_style": "path"}),
        )


@contextmanager
def mtd() -> Iterator[Emulator]:
    """LocalStack with our plug-in, as the embedded backend runs it."""
    with _localstack({}) as localstack:
        yield _emulator(localstack)


@contextmanager
def fresh_interpreters() -> Iterator[Emulator]:
    """The same LocalStack, with a fresh interpreter for every call."""
    with _localstack({"MTD_LAMBDA_START": "fresh"}) as localstack:
        yield _emulator(localstack, lambda name: localstack.request("POST", "/_mtd/recycle", {"functions": [name]}))


@contextmanager
def _localstack(settings: dict[str, str]) -> Iterator[BareLocalStack]:
    with (
        tempfile.TemporaryDirectory(prefix="mtd-peers-") as folder,
        BareLocalStack(Path(folder), _HOME | settings) as localstack,
    ):
        yield localstack


def _emulator(localstack: BareLocalStack, before_call: Callable[[str], object] = lambda _: None) -> Emulator:
    return Emulator(
        endpoint=localstack.endpoint,
        api=lambda api, path: f"{localstack.endpoint}/_aws/execute-api/{api}/live{path}",
        before_call=lambda name: _ignore(before_call(name)),
    )


def _ignore(_: object) -> None:
    pass


@contextmanager
def ministack() -> Iterator[Emulator]:
    """MiniStack with its local executor, installed for this run only."""
    with tempfile.TemporaryDirectory(prefix="mtd-ministack-") as name:
        folder, port = Path(name), free_port()
        python = interpreter("MTD_LAMBDA_PYTHON", "lambda")
        uv = str(Path(sys.executable).with_name("uv"))
        _run(uv, "venv", "--quiet", "--python", str(python.resolve()), str(folder / "venv"))
        # The runtime's own packages too: its functions run in this interpreter.
        _run(uv, "pip", "install", "--quiet", "--python", str(folder / "venv" / "bin" / "python"), MINISTACK, "boto3")
        environment = _environment(folder) | {
            "GATEWAY_PORT": str(port),
            "LAMBDA_EXECUTOR": "local",
            "MINISTACK_REGION": REGION,
            "MINISTACK_HOST": "127.0.0.1",
            "STATE_DIR": str(folder / "state"),
            "S3_DATA_DIR": str(folder / "s3"),
        }
        endpoint = f"http://127.0.0.1:{port}"
        with _process([str(folder / "venv" / "bin" / "ministack")], folder, environment):
            emulator = Emulator(
                endpoint=endpoint, api=lambda api, path: f"{endpoint}/restapis/{api}/live/_user_request_{path}"
            )
            poll(lambda: _answers(emulator), timeout_s=60, because="MiniStack answers")
            yield emulator


@contextmanager
def serverless_offline(source: str, python: Path) -> Iterator[Emulator]:
    """serverless-offline with one Python function, `measured`, behind GET /measured; it has no other triggers."""
    with tempfile.TemporaryDirectory(prefix="mtd-serverless-") as name:
        folder, http, lambdas = Path(name), free_port(), free_port()
        (folder / "handler.py").write_text(source)
        (folder / "serverless.yml").write_text(_serverless_yml(http, lambdas))
        (folder / "bin").mkdir()
        # A link would make it forget its virtual environment.
        for alias in ("python3", "python"):
            (folder / "bin" / alias).write_text(f'#!/bin/sh\nexec {python} "$@"\n')
            (folder / "bin" / alias).chmod(0o755)
        environment = _environment(folder) | {
            "PATH": f"{folder / 'bin'}:{os.environ.get('PATH', os.defpath)}",
            "SLS_TELEMETRY_DISABLED": "1",
            "SLS_NOTIFICATIONS_MODE": "off",
        }
        _run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", name, *SERVERLESS)
        program = folder / "node_modules" / ".bin" / "serverless"
        with _process([str(program), "offline", "start"], folder, environment):
            emulator = Emulator(
                endpoint=f"http://127.0.0.1:{lambdas}",
                api=lambda _, path: f"http://127.0.0.1:{http}/live{path}",
                triggers=frozenset({"api"}),
            )
            poll(lambda: _answers_invoke(emulator), timeout_s=60, because="serverless-offline answers")
            yield emulator


def _serverless_yml(http: int, lambdas: int) -> str:
    # The newest runtime that it knows; the interpreter is the same as everyone's.
    return json.dumps(
        {
            "service": "peers",
            "frameworkVersion": "3",
            "provider": {"name": "aws", "runtime": "python3.11", "region": REGION, "stage": "live"},
            "plugins": ["serverless-offline"],
            "custom": {"serverless-offline": {"httpPort": http, "lambdaPort": lambdas, "host": "127.0.0.1"}},
            "functions": {
                "measured": {
                    "handler": "handler.handler",
                    "events": [{"http": {"path": "measured", "method": "get"}}],
                }
            },
        }
    )


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MTD_", "AWS_", "PYTHON"))}
    return kept | {"HOME": str(folder), "TMPDIR": str(folder), "AWS_DEFAULT_REGION": REGION}


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _process(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, 15)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)


def _answers(emulator: Emulator) -> bool:
    try:
        emulator.client("sts").get_caller_identity()
    except Exception:
        return False
    return True


def _answers_invoke(emulator: Emulator) -> bool:
    try:
        emulator.client("lambda").invoke(FunctionName="peers-live-measured", Payload=b"{}")
    except Exception:
        return False
    return True
