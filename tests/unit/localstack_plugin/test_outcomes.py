"""Lambda's words for what happened."""

import json
from datetime import UTC, datetime

import pytest
from mtd_localstack.executor.outcomes import exit_failure, init_failure, report_line, timeout_failure, too_large


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
        (-10, "Runtime exited with error: signal: sigusr1"),
    ],
)
def test_how_a_process_ended(status: int, message: str) -> None:
    failed = exit_failure("r-1", status)
    body = json.loads(failed.body)
    assert body == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: r-1 Error: {message}"}
    assert failed.error_type == "Runtime.ExitError"


def test_out_of_memory_is_an_exit_error_to_the_caller_and_named_in_the_report() -> None:
    failed = exit_failure("r-1", -9, out_of_memory=True)
    assert json.loads(failed.body)["errorType"] == "Runtime.ExitError"
    assert failed.error_type == "Runtime.OutOfMemory"


def test_a_timeout_names_moment_request_and_seconds() -> None:
    failed = timeout_failure("r-1", 3, datetime(2026, 5, 4, 3, 2, 1, 987654, tzinfo=UTC))
    message = "2026-05-04T03:02:01.987Z r-1 Task timed out after 3.00 seconds"
    assert json.loads(failed.body)["errorMessage"] == message == failed.log_line


def test_an_init_error_keeps_the_runtimes_words_and_gets_the_request() -> None:
    reported = {"errorType": "Runtime.ImportModuleError", "errorMessage": "m", "requestId": "", "stackTrace": ["t"]}
    failed = init_failure("r-1", json.dumps(reported).encode())
    assert json.loads(failed.body) == {**reported, "requestId": "r-1"}
    assert failed.error_type == "Runtime.ImportModuleError"


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b"\xff"])
def test_an_init_error_that_cannot_be_read_is_still_an_error(body: bytes) -> None:
    assert init_failure("r-1", body).error_type == "Runtime.Unknown"


def test_a_response_too_large_reports_both_sizes() -> None:
    message = json.loads(too_large(6_291_557).body)["errorMessage"]
    assert "6291557 bytes" in message
    assert "6291556 bytes" in message


def test_a_report_bills_the_init_phase_and_rounds_up() -> None:
    line = report_line("r-1", duration_ms=10.01, memory_size_mb=128, max_memory_mb=40, init_ms=100.5)
    assert line == (
        "REPORT RequestId: r-1\tDuration: 10.01 ms\tBilled Duration: 111 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 40 MB\tInit Duration: 100.50 ms\t"
    )


def test_a_report_of_a_failure_has_status_and_type() -> None:
    failed = exit_failure("r-1", 1)
    line = report_line("r-1", duration_ms=1, memory_size_mb=128, max_memory_mb=40, failed=failed)
    assert line.endswith("Max Memory Used: 40 MB\tStatus: error\tError Type: Runtime.ExitError\t")
    timed_out = timeout_failure("r-1", 1)
    line = report_line("r-1", duration_ms=1, memory_size_mb=128, max_memory_mb=40, failed=timed_out)
    assert line.endswith("Status: timeout\t")
