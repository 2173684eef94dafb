"""The words Lambda uses: the errors it answers with, and the platform lines of a function's log."""

import json
import math
import signal
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100

SIGNAL_NAMES = {
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGABRT: "aborted",
    signal.SIGTERM: "terminated",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
}
"""Lambda's names of the signals that end a runtime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure outside the handler: the body of the answer, and the line in the log."""

    body: bytes
    error_type: str
    log_line: str = ""
    status: str = "error"


def failure(error_type: str, message: str, *, log_line: str = "", reported_type: str = "") -> Failure:
    """A failure with Lambda's usual body; ``reported_type`` is the REPORT line's, where that differs."""
    body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return Failure(body=body, error_type=reported_type or error_type, log_line=log_line)


def exit_failure(request_id: str, status: int, *, out_of_memory: bool = False) -> Failure:
    """The process ended; ``status`` is its exit code, or minus the signal that killed it."""
    if status < 0:
        name = SIGNAL_NAMES.get(signal.Signals(-status)) or signal.Signals(-status).name.lower()
        reason = f"Runtime exited with error: signal: {name}"
    elif status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        reason = "Runtime exited without providing a reason"
    message = f"RequestId: {request_id} Error: {reason}"
    reported = "Runtime.OutOfMemory" if out_of_memory else ""
    return failure("Runtime.ExitError", message, log_line=f"{message}\nRuntime.ExitError", reported_type=reported)


def timeout_failure(request_id: str, timeout_s: float, now: datetime | None = None) -> Failure:
    """The function took longer than its timeout."""
    at = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    message = f"{at}Z {request_id} Task timed out after {timeout_s:.2f} seconds"
    body = json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": message}).encode()
    return Failure(body=body, error_type="", log_line=message, status="timeout")


def init_failure(request_id: str, body: bytes) -> Failure:
    """The runtime reported an error of the init phase: its own words, with the request that met it."""
    try:
        error = json.loads(body)
        error["requestId"] = request_id
        error_type = str(error.get("errorType") or "Runtime.Unknown")
    except (ValueError, TypeError, AttributeError):
        return failure("Runtime.Unknown", body.decode("utf-8", "replace"))
    return Failure(body=json.dumps(error).encode(), error_type=error_type)


def too_large(size: int) -> Failure:
    """The function's answer is larger than Lambda lets through."""
    message = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
    )
    return failure("Function.ResponseSizeTooLarge", message, log_line=message)


def start_line(request_id: str, version: str) -> str:
    """The first line of an invocation."""
    return f"START RequestId: {request_id} Version: {version}"


def end_line(request_id: str) -> str:
    """The last line but one."""
    return f"END RequestId: {request_id}"


def init_report_line(init_ms: float, status: str, error_type: str) -> str:
    """Told when the init phase went wrong."""
    line = f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: init\tStatus: {status}"
    return f"{line}\tError Type: {error_type}" if error_type else line


def report_line(
    request_id: str,
    *,
    duration_ms: float,
    memory_size_mb: int,
    max_memory_mb: int,
    init_ms: float | None = None,
    failed: Failure | None = None,
) -> str:
    """The last line: durations in ms (billed ones include the init phase, rounded up), memory in MB."""
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {math.ceil(duration_ms + (init_ms or 0.0))} ms",
        f"Memory Size: {memory_size_mb} MB",
        f"Max Memory Used: {max_memory_mb} MB",
    ]
    if init_ms is not None:
        fields.append(f"Init Duration: {init_ms:.2f} ms")
    if failed is not None:
        fields.append(f"Status: {failed.status}")
        if failed.error_type:
            fields.append(f"Error Type: {failed.error_type}")
    return "\t".join(fields) + "\t"
