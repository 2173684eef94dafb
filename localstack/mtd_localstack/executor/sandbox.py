"""One Lambda execution environment: a process that serves one invocation at a time, replaced when it is spent.

As on AWS the environment outlives its process: after a timeout, a crash, a failed init or a recycling, the next
invocation finds a fresh process in the same environment (same log stream, same /tmp).
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mtd_localstack.executor.call_faults import KILLED_ANSWERING, TIMED_OUT, CallFault, CallFaults
from mtd_localstack.executor.debugging import Debugger
from mtd_localstack.executor.fork_client import ForkServer, ForkServerError
from mtd_localstack.executor.function_runner import Event, FunctionRunner, Happened
from mtd_localstack.executor.invocation import Invocation, InvocationLog, Outcome
from mtd_localstack.executor.log_events import LogEvent, now_ms
from mtd_localstack.executor.outcomes import (
    MAX_RESPONSE_BYTES,
    Failure,
    end_line,
    exit_failure,
    init_failure,
    init_report_line,
    report_line,
    start_line,
    timeout_failure,
    too_large,
)

INIT_TIMEOUT_S = 10.0
NEXT_TIMEOUT_S = 5.0
# Of a debugged function, which has neither limit.
DEBUGGED_MEMORY_MB = 1 << 20
DEBUGGED_TIMEOUT_S = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """The parts of an execution environment. ``env`` has all its variables but the address of the Runtime API."""

    version: str
    env: Mapping[str, str]
    task_root: str
    path: tuple[str, ...]
    pycache: str
    memory_mb: int
    timeout_s: float
    function: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Init:
    event: Event
    ms: float
    logs: list[LogEvent]
    status: int = 0


class Sandbox:
    """An execution environment. ``recycle``, ``kill`` and the readings may come from any thread at any time."""

    def __init__(
        self,
        settings: SandboxSettings,
        servers: Callable[[], ForkServer],
        debugger: Callable[[], Debugger | None] = lambda: None,
        faults: CallFaults | None = None,
    ) -> None:
        """``servers`` gives the fork server to use, a living one each time; ``debugger`` what the next process is to
        start under; ``faults`` what is to strike its calls."""
        self.settings = settings
        self._servers = servers
        self._wanted = debugger
        self._debugger: Debugger | None = None
        self._faults = faults or CallFaults()
        self._busy = threading.Lock()
        self._runner: FunctionRunner | None = None
        self._init: _Init | None = None
        self._stale = False
        self._stopped = False
        self._state = "stopped"
        self._since = time.time()

    def start(self) -> None:
        """Run the init phase ahead of the first call, which reports how it went."""
        with self._busy:
            self._initialise(INIT_TIMEOUT_S)
            self._enter("idle")

    def invoke(self, invocation: Invocation) -> Outcome:
        """Serve one call; errors of the function are an Outcome, not an exception.

        Raises ForkServerError when no process can be started.
        """
        with self._busy:
            self._enter("running")
            try:
                return self._invoke(invocation)
            finally:
                self._enter("idle")

    def recycle(self) -> None:
        """Have the next call served by a fresh process; a call that is running ends undisturbed."""
        self._stale = True

    def release(self) -> None:
        """Kill a debugged process: at a breakpoint, or waiting for its debugger, it would stay for ever."""
        runner = self._runner
        if runner is not None and self._debugger is not None:
            self._stale = True
            runner.kill()

    def stop(self) -> None:
        """End the process, in the middle of a call too, and for good."""
        self._stopped = True
        runner = self._runner
        if runner is not None:
            runner.kill()
        with self._busy:
            self._discard()
            self._enter("stopped")

    def describe(self) -> dict[str, Any]:
        """The environment as GET /_mtd/environments shows it; ``since`` in seconds since 1970."""
        runner = self._runner
        return {
            "pid": runner.pid if runner else None,
            "state": self._state,
            "since": round(self._since, 3),
            "memory_mb": runner.memory_mb() if runner else 0,
            "debugged": runner is not None and self._debugger is not None and not self._stale,
        }

    def _enter(self, state: str) -> None:
        self._state = state
        self._since = time.time()

    def _discard(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.close()

    def _spec(self, api: str) -> dict[str, Any]:
        settings = self.settings
        return {
            "env": {**settings.env, "AWS_LAMBDA_RUNTIME_API": api},
            "task_root": settings.task_root,
            "path": list(settings.path),
            "pycache": settings.pycache,
            "debugger": self._debugger.as_json() if self._debugger else None,
        }

    @property
    def _timeout_s(self) -> float:
        return DEBUGGED_TIMEOUT_S if self._debugger else self.settings.timeout_s

    @property
    def _memory_mb(self) -> int:
        return DEBUGGED_MEMORY_MB if self._debugger else self.settings.memory_mb

    def _initialise(self, timeout_s: float) -> None:
        """Start a process and wait until it asks for an invocation, or fails to; ``_init`` says which."""
        spent, self._runner = self._runner, None
        if spent is not None:
            spent.kill()
        try:
            self._start_process(timeout_s)
        finally:
            if spent is not None:
                spent.close()

    def _start_process(self, timeout_s: float) -> None:
        self._stale = False
        if self._stopped:
            raise ForkServerError("the environment is stopped")
        self._debugger = self._wanted()
        if self._debugger is not None:
            timeout_s = math.inf
        began = time.monotonic()
        limit = self._memory_mb
        try:
            runner = FunctionRunner(self._servers(), self._spec, memory_limit_mb=limit)
        except ForkServerError:
            runner = FunctionRunner(self._servers(), self._spec, memory_limit_mb=limit)
        self._runner = runner
        if self._stopped:
            runner.kill()
        event = runner.wait(time.monotonic() + timeout_s)
        ms = (time.monotonic() - began) * 1000
        status = 0
        if event.happened is not Happened.NEXT:
            status = runner.reap()
        self._init = _Init(event=event, ms=ms, logs=runner.take_logs(), status=status)
        if event.happened is not Happened.NEXT:
            self._discard()

    def _ready(self) -> bool:
        """Whether the process waits for an invocation; if it has just answered one, it will in a moment."""
        runner = self._runner
        if runner is None or self._stale or runner.exited():
            return False
        return runner.idle or runner.wait(time.monotonic() + NEXT_TIMEOUT_S).happened is Happened.NEXT

    def _invoke(self, invocation: Invocation) -> Outcome:
        log = InvocationLog(invocation.request_id)
        init = self._prepare(log)
        began = time.monotonic()
        if init is not None:
            log.extend(init.logs)
        failed = None if init is None else self._failed_init(invocation, init)
        if failed is not None and init is not None and failed.status == "error":
            log.add(init_report_line(init.ms, failed.status, failed.error_type))
        log.add(start_line(invocation.request_id, self.settings.version))
        payload, is_error, peak_mb = b"", True, 0
        if failed is None:
            payload, is_error, failed, peak_mb = self._serve(invocation, log)
        duration_ms = (time.monotonic() - began) * 1000
        if failed is not None:
            payload, is_error = failed.body, True
            if failed.status == "timeout":
                duration_ms = self.settings.timeout_s * 1000
            if failed.log_line:
                log.add(failed.log_line)
        log.add(end_line(invocation.request_id))
        log.add(
            report_line(
                invocation.request_id,
                duration_ms=duration_ms,
                memory_size_mb=self.settings.memory_mb,
                max_memory_mb=min(peak_mb, self.settings.memory_mb),
                init_ms=None if init is None or failed is not None else init.ms,
                failed=failed,
            )
        )
        return Outcome(payload=payload, is_error=is_error, events=log.events, duration_ms=duration_ms)

    def _prepare(self, log: InvocationLog) -> _Init | None:
        """Have a process that can serve; how its init phase went, if this is the first call to hear of it."""
        untold = self._init
        usable = not self._stale if untold and untold.event.happened is not Happened.NEXT else self._ready()
        if not usable:
            if self._runner is not None:
                log.extend(self._runner.take_logs())
            self._initialise(INIT_TIMEOUT_S)
        init, self._init = self._init, None
        if init is not None and init.event.happened is Happened.TIMED_OUT:
            log.extend(init.logs)
            log.add(init_report_line(init.ms, "timeout", ""))
            self._initialise(self.settings.timeout_s)
            init, self._init = self._init, None
        return init

    def _failed_init(self, invocation: Invocation, init: _Init) -> Failure | None:
        match init.event.happened:
            case Happened.NEXT:
                return None
            case Happened.INIT_ERROR:
                return init_failure(invocation.request_id, init.event.body)
            case Happened.TIMED_OUT:
                return timeout_failure(invocation.request_id, self.settings.timeout_s)
            case Happened.OUT_OF_MEMORY:
                return exit_failure(invocation.request_id, init.status, out_of_memory=True)
            case _:
                return exit_failure(invocation.request_id, init.status)

    def _serve(self, invocation: Invocation, log: InvocationLog) -> tuple[bytes, bool, Failure | None, int]:
        """Hand the invocation over and wait for its end: answer, whether it is an error, failure, peak MB."""
        runner = self._runner
        assert runner is not None
        timeout_s = self._timeout_s
        deadline = time.monotonic() + timeout_s
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(now_ms() + int(timeout_s * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        try:
            runner.send(headers, invocation.payload)
            event = self._await_end(runner, deadline)
        except OSError:
            event = Event(Happened.EXITED)
        peak_mb = runner.peak_memory_mb()
        happened = event.happened
        if peak_mb > self._memory_mb:
            happened = Happened.OUT_OF_MEMORY
        request_id = invocation.request_id
        failed: Failure | None
        match happened:
            case Happened.RESPONSE | Happened.ERROR:
                log.extend(runner.take_logs())
                size = len(event.body)
                failed = too_large(size) if size > MAX_RESPONSE_BYTES else None
                return event.body, happened is Happened.ERROR, failed, peak_mb
            case Happened.TIMED_OUT:
                failed = timeout_failure(request_id, timeout_s)
                runner.reap()
            case Happened.OUT_OF_MEMORY:
                runner.kill()
                runner.reap()
                failed = exit_failure(request_id, -9, out_of_memory=True)
            case _:
                failed = exit_failure(request_id, runner.reap())
        log.extend(runner.take_logs())
        self._discard()
        return b"", True, failed, peak_mb

    def _await_end(self, runner: FunctionRunner, deadline: float) -> Event:
        """The end of the call, by itself or by the fault that was armed for it."""
        fault = self._faults.take(self.settings.function)
        if fault is None or fault.kind == KILLED_ANSWERING:
            event = _past_next(runner, deadline)
            if fault is None:
                return event
            if event.happened is not Happened.RESPONSE:
                self._faults.missed(fault)
                return event
            return self._strike(fault, runner)
        event = _past_next(runner, min(deadline, time.monotonic() + fault.after_ms / 1000))
        if event.happened is Happened.TIMED_OUT:
            return self._strike(fault, runner)
        self._faults.missed(fault)
        return event

    def _strike(self, fault: CallFault, runner: FunctionRunner) -> Event:
        self._faults.struck(fault)
        if fault.kind == TIMED_OUT:
            return Event(Happened.TIMED_OUT)
        runner.kill()
        return Event(Happened.EXITED)


def _past_next(runner: FunctionRunner, deadline: float) -> Event:
    event = runner.wait(deadline)
    while event.happened is Happened.NEXT:
        event = runner.wait(deadline)
    return event
