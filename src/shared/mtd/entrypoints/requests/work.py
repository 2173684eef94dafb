"""The requests of POST /work/{system}/{action}, checked and typed."""

import json
import re

from mtd.domain.errors import InvalidRequest, MtdError
from mtd.domain.json_types import Json
from mtd.domain.systems.system import LONGEST_LEASE_SECONDS, System
from mtd.entrypoints.requests.tasks import read_text
from mtd.usecases.systems.work import WorkLease, WorkReport, WorkRequest, work_error

LONGEST_WAIT_SECONDS = 20.0
"""API Gateway waits 29 s for the function behind it."""
MOST_TASKS = 100
LARGEST_ANSWER = 256 * 1024
"""Bytes: an answer's values stay with the order."""
_LEASE = re.compile(r"(\d{1,18})\.(\d{1,9})\.(\d{1,9})", re.ASCII)


def read_lease(body: Json, system: System) -> WorkRequest:
    """A request for tasks. Raises InvalidRequest that names the field."""
    return WorkRequest(
        worker=_worker(body),
        most=int(_number(body, "most", 1, 1, MOST_TASKS)),
        wait_seconds=_number(body, "wait", 0, 0, LONGEST_WAIT_SECONDS),
        lease_seconds=_number(body, "seconds", system.lease_seconds or 1, 1, LONGEST_LEASE_SECONDS),
    )


def read_report(action: str, body: Json) -> WorkReport:
    """A report on a task. Raises InvalidRequest that names the field, also for an unknown action."""
    if action not in ("complete", "fail", "error"):
        raise InvalidRequest("the action must be lease, complete, fail or error", code="action_unknown")
    found = _LEASE.fullmatch(read_text(body, "lease", 60) or "")
    if found is None:
        raise InvalidRequest("lease must be the lease of a task", code="lease_malformed")
    lease = WorkLease(token_id=int(found[1]), version=int(found[2]), attempts=int(found[3]))
    if action == "complete":
        answer = body.get("answer", {})
        if len(json.dumps(answer)) > LARGEST_ANSWER:
            raise InvalidRequest(f"answer must have at most {LARGEST_ANSWER} bytes", code="answer_too_large")
        return WorkReport(worker=_worker(body), lease=lease, answer=answer)
    return WorkReport(worker=_worker(body), lease=lease, error=_error(action, body))


def _error(action: str, body: Json) -> MtdError:
    code, message = read_text(body, "code", 80) or "worker_failed", read_text(body, "message", 500) or "no reason given"
    later = body.get("retry_after")
    seconds = None if later is None else _number(body, "retry_after", 0, 0, 900)
    return work_error(action, code, message, seconds)


def _worker(body: Json) -> str:
    worker = read_text(body, "worker", 100)
    if not worker:
        raise InvalidRequest("worker must be a name, which the order's timeline shows", code="worker_missing")
    return worker


def _number(body: Json, name: str, usual: float, least: float, most: float) -> float:
    said = body.get(name, usual)
    if isinstance(said, bool) or not isinstance(said, int | float) or not least <= said <= most:
        raise InvalidRequest(f"{name} must be a number from {least:g} to {most:g}", code="request_malformed")
    return float(said)
