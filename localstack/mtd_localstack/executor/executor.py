"""LocalStack's RuntimeExecutor that runs functions as processes of this machine."""

import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localstack.config import GATEWAY_LISTEN
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from mtd_localstack.executor.fork_client import ForkServer
from mtd_localstack.executor.invocation import Invocation
from mtd_localstack.executor.machine import machine
from mtd_localstack.executor.sandbox import Sandbox, SandboxSettings
from mtd_localstack.telemetry.delivery import LogStream, Measured

HOST = "127.0.0.1"
EMULATOR_ONLY = ("LOCALSTACK_RUNTIME_ID", "LOCALSTACK_RUNTIME_ENDPOINT", "LOCALSTACK_FUNCTION_ACCOUNT_ID")


class ProcessRuntimeExecutor(RuntimeExecutor):
    """One execution environment, as LocalStack sees it."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self._machine = machine()
        self._folder = self._machine.settings.work_dir / "environments" / id
        self._sandbox: Sandbox | None = None

    def start(self, env_vars: dict[str, Any]) -> None:
        """Run the init phase. The first call reports a failed init, with its log, as on AWS."""
        version = self.function_version
        hot, unpacked = self._machine.layer_path(version)
        code = version.config.code
        assert code is not None
        (self._folder / "tmp").mkdir(parents=True, exist_ok=True)
        stream = self._log_stream()
        sandbox = Sandbox(
            SandboxSettings(
                version=version.id.qualifier,
                env=self._environment(env_vars, code.get_unzipped_code_location(), stream),
                task_root=str(code.get_unzipped_code_location()),
                path=hot + unpacked,
                pycache=str(self._machine.settings.work_dir / "pycache"),
                memory_mb=version.config.memory_size,
                timeout_s=float(version.config.timeout),
                function=version.id.function_name,
            ),
            lambda: self._server(unpacked),
            lambda: self._machine.debuggers.of(version.id.function_name),
            self._machine.faults,
        )
        self._stream = stream
        self._sandbox = sandbox
        self._machine.environments.add(self.id, version.id.function_name, version.id.qualifier, sandbox)
        # A debugged process may take as long as a person does; the first call starts it, which has no time limit.
        if self._machine.debuggers.of(version.id.function_name) is None:
            sandbox.start()

    def stop(self) -> None:
        """End the process, a running call included, and remove the environment's folder."""
        self._machine.environments.remove(self.id)
        if self._sandbox is not None:
            self._sandbox.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Serve one call; its log and figures are on their way to CloudWatch when this returns."""
        assert self._sandbox is not None
        request_id = payload["invoke-id"]
        outcome = self._sandbox.invoke(
            Invocation(
                request_id=request_id,
                arn=payload["invoked-function-arn"],
                trace_id=payload["trace-id"],
                payload=payload["payload"].encode(),
            )
        )
        id = self.function_version.id
        measured = Measured(
            account=id.account,
            region=id.region,
            function=id.function_name,
            at=time.time(),
            duration_ms=outcome.duration_ms,
            is_error=outcome.is_error,
        )
        self._machine.delivery.add(self._stream, outcome.events, measured)
        return InvocationResult(request_id, outcome.payload, is_error=outcome.is_error, logs=outcome.logs)

    def get_address(self) -> str:
        """The function's processes are on this machine."""
        return HOST

    def get_endpoint_from_executor(self) -> str:
        """The address of LocalStack for functions."""
        host = GATEWAY_LISTEN[0].host
        return HOST if host in ("0.0.0.0", "::", "") else host

    def get_runtime_endpoint(self) -> str:
        """Unused: processes have a Runtime API of their own, not one on the gateway."""
        return f"http://{HOST}/"

    def get_logs(self) -> str:
        """Unused: the first call reports a failed init."""
        return ""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack what is needed; an exception makes the function's state Failed, with the message as reason."""
        machine().prepare(function_version)

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Give back what ``prepare_version`` took."""
        machine().cleanup(function_version)

    def _server(self, unpacked: tuple[str, ...]) -> ForkServer:
        return self._machine.servers.get(unpacked)

    def _log_stream(self) -> LogStream:
        id = self.function_version.id
        settings: Mapping[str, Any] = self.function_version.config.logging_config or {}
        return LogStream(
            account=id.account,
            region=id.region,
            group=settings.get("LogGroup") or f"/aws/lambda/{id.function_name}",
            name=f"{datetime.now(UTC):%Y/%m/%d}/[{id.qualifier}]{self.id}",
        )

    def _environment(self, given: Mapping[str, Any], task_root: Path, stream: LogStream) -> dict[str, str]:
        """The function's whole environment: what LocalStack gives, less its own, plus what AWS's runtime sets."""
        env = {name: str(value) for name, value in given.items() if name not in EMULATOR_ONLY}
        env.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin")
        env.setdefault("LANG", "en_US.UTF-8")
        env.setdefault("HOME", str(self._folder))
        env["LAMBDA_TASK_ROOT"] = str(task_root)
        env["TMPDIR"] = str(self._folder / "tmp")
        env["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{self.function_version.config.runtime}"
        env["AWS_LAMBDA_LOG_GROUP_NAME"] = stream.group
        env["AWS_LAMBDA_LOG_STREAM_NAME"] = stream.name
        return env
