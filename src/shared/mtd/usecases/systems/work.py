"""Workers of systems that nobody can reach from outside: they ask for tasks, and report on each.

A lease is the fence: the token at its version and try. Once it has run out, another worker gets the task, and a report
of the first is refused.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mtd.domain.errors import BusinessError, Conflict, MtdError, RetryableError
from mtd.domain.json_types import Json
from mtd.domain.systems.system import System
from mtd.engine.model.plan import Plan
from mtd.usecases.flow.apply_trigger import system_server
from mtd.usecases.flow.effects import EffectOutcome, EffectResult, StateRun
from mtd.usecases.flow.failures import fail_unreadable
from mtd.usecases.flow.run_state import CUT_OFF, by_tries, commit_outcomes
from mtd.usecases.flow.tokens import LeasedToken, LeaseResult
from mtd.usecases.flow.trace import hop
from mtd.usecases.systems.call_system import PreparedCall, SystemStore, prepare_call
from mtd.usecases.systems.ports import SystemAnswer
from mtd.usecases.systems.read_answer import read_answer

_LOOKS_EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRequest:
    """A worker asks for tasks."""

    worker: str
    most: int = 1
    #: Seconds for which the request waits for a first task.
    wait_seconds: float = 0.0
    #: Seconds for which the worker has each task.
    lease_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLease:
    """The lease of a task: its token at one version and try."""

    token_id: int
    version: int
    attempts: int

    def __str__(self) -> str:
        return f"{self.token_id}.{self.version}.{self.attempts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkReport:
    """A worker's report: the `answer` of the work, or the error that kept it from it."""

    worker: str
    lease: WorkLease
    answer: Any = None
    error: MtdError | None = None


class Work(Protocol):
    """The tasks of systems that have workers, in PostgreSQL."""

    def lease(self, server: str, system: str, most: int, lease_seconds: float) -> LeaseResult:
        """Lease tasks of the server, the longest due first; none while the circuit of the system is open."""
        ...

    def leased(self, server: str, lease: WorkLease) -> LeaseResult:
        """The task of that lease; none once another worker has it, or the order has gone on."""
        ...


def lease_work(
    system: System,
    asked: WorkRequest,
    work: Work,
    store: SystemStore,
    run: StateRun,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Json:
    """Up to `most` tasks for the worker, as soon as there is one. Raises Conflict for a system that has no workers."""
    _must_have_workers(system)
    until = clock() + asked.wait_seconds
    while True:
        leased = work.lease(system_server(system.name), system.name, asked.most, asked.lease_seconds)
        fail_unreadable(store, leased.unreadable, run.function)
        tasks = _tasks(system, leased.tokens, store, run)
        if tasks or clock() >= until:
            return {"system": system.name, "tasks": tasks}
        sleep(min(_LOOKS_EVERY_SECONDS, max(0.0, until - clock())))


def report_work(system: System, report: WorkReport, work: Work, store: SystemStore, run: StateRun) -> Json:
    """Have the order go on by what the worker reports. Returns what was decided.

    Raises Conflict (`lease_lost`) when the worker has the task no longer: what it reports is not kept.
    """
    _must_have_workers(system)
    leased = work.leased(system_server(system.name), report.lease)
    fail_unreadable(store, leased.unreadable, run.function)
    if not leased.tokens:
        raise _lost(report.lease)
    [token] = leased.tokens
    plans, prepared = _prepared(system, leased.tokens, store)
    found = prepared[token.token_id]
    outcome = EffectOutcome.failed(found) if isinstance(found, MtdError) else _outcome(system, report, found)
    decided = commit_outcomes(leased.tokens, {token.token_id: outcome}, plans, store, run)
    if token.token_id not in decided:
        raise _lost(report.lease)
    return {"system": system.name, "lease": str(report.lease), "done": decided[token.token_id].value}


def _tasks(system: System, tokens: Sequence[LeasedToken], store: SystemStore, run: StateRun) -> list[Json]:
    """The tasks as a worker gets them. Orders that lack what is to be sent fail, as do those whose every try ended
    without a report."""
    if not tokens:
        return []
    plans, prepared = _prepared(system, tokens, store)
    worn_out, fit = by_tries(tokens, plans)
    errors: dict[int, MtdError] = {token.token_id: CUT_OFF for token in worn_out}
    errors |= {token_id: found for token_id, found in prepared.items() if isinstance(found, MtdError)}
    if failed := [token for token in tokens if token.token_id in errors]:
        outcomes = {token.token_id: EffectOutcome.failed(errors[token.token_id]) for token in failed}
        commit_outcomes(failed, outcomes, plans, store, run)
    return [
        _task(token, found)
        for token in fit
        if token.token_id not in errors and isinstance(found := prepared[token.token_id], PreparedCall)
    ]


def _prepared(
    system: System, tokens: Sequence[LeasedToken], store: SystemStore
) -> tuple[Mapping[int, Plan], dict[int, PreparedCall | MtdError]]:
    """The plans, and the call or its error of each token, by the ids of the tokens' rows."""
    plans = store.plans(sorted({token.process_version_id for token in tokens}))
    snapshots = store.snapshots([token.order_id for token in tokens])
    prepared: dict[int, PreparedCall | MtdError] = {}
    for token in tokens:
        try:
            prepared[token.token_id] = prepare_call(system, token, plans, snapshots)
        except MtdError as error:
            prepared[token.token_id] = error
    return plans, prepared


def _task(token: LeasedToken, prepared: PreparedCall) -> Json:
    lease = WorkLease(token_id=token.token_id, version=token.version, attempts=token.attempts)
    return {
        "lease": str(lease),
        "task": token.node,
        "operation": prepared.operation.name,
        "order": token.order.number,
        "key": prepared.request.key,
        "request": dict(prepared.request.body or {}),
        "tries": token.attempts,
        # An earlier worker may have done it: the key tells.
        "outcome_unknown": token.attempts > 1 or token.outcome_unknown,
    }


def _outcome(system: System, report: WorkReport, prepared: PreparedCall) -> EffectOutcome:
    if report.error is not None:
        return EffectOutcome.failed(report.error)
    name = prepared.operation.name
    try:
        values = read_answer(prepared.call, SystemAnswer(status=200, content=report.answer), prepared.facts)
    except MtdError as error:
        return EffectOutcome.failed(error)
    detail: Json = {"system": system.name, "operation": name, "worker": report.worker}
    way = hop(system.name, f"{name} by {report.worker}", request_id=prepared.request.key)
    result = EffectResult(detail=detail | ({"values": values} if values else {}), values=values, hops=(way,))
    return EffectOutcome(result=result, error=None, ms=0)


def work_error(action: str, code: str, message: str, retry_after: float | None) -> MtdError:
    """The error that a worker reports: `fail` for one that another try may not meet, `error` for a refusal."""
    if action == "error":
        return BusinessError(message, code=code)
    error = RetryableError(message, code=code)
    error.retry_after = retry_after
    return error


def _must_have_workers(system: System) -> None:
    if not system.has_workers:
        raise Conflict(f"{system.name} is called at its url, so that it has no workers", code="no_workers")


def _lost(lease: WorkLease) -> Conflict:
    return Conflict(f"the lease {lease} has run out, and the task is another worker's, or done", code="lease_lost")
