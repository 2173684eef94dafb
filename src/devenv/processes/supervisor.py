"""The background process of an instance, which owns all other processes, restarts none and ends them with itself.

It runs as `python -m devenv.processes.supervisor`. It starts the processes of the requests in the folder `run`, and
reads them again on SIGHUP. It writes deaths to state.json. It ends on SIGTERM, or when the instance's folder is gone.
If the supervisor is killed, the kernel signals its children (PR_SET_PDEATHSIG).
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime

import psutil
from filelock import FileLock, Timeout

from devenv.instance import Instance
from devenv.processes.child_process import adopt_orphans, start
from devenv.processes.identity import ProcessIdentity
from devenv.processes.request import ProcessRequest, read_all
from devenv.state import Document, StateFile

_SIGNALS = {signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGINT}
_LOOK_AGAIN_SECONDS = 3.0


class Supervisor:
    """Children by name, and the ticket that each was started for."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._state = StateFile(instance)
        self._children: dict[str, tuple[ProcessRequest, subprocess.Popen[bytes]]] = {}
        self._served: dict[str, str] = {}
        self._stopping = False

    def run(self) -> None:
        self._record_self()
        self._reconcile()
        while not self._stopping:
            arrived = signal.sigtimedwait(_SIGNALS, _LOOK_AGAIN_SECONDS)
            self._reap()
            if arrived is None:
                self._stopping = not self._instance.folder.is_dir()
            elif arrived.si_signo == signal.SIGHUP:
                self._reconcile()
            elif arrived.si_signo in {signal.SIGTERM, signal.SIGINT}:
                self._stopping = True
        self.stop_all()

    def stop_all(self) -> None:
        """Stops the children, the last started first, and then their descendants."""
        self._stopping = True
        for name in reversed(list(self._children)):
            self._signal(name)
        for name in reversed(list(self._children)):
            self._finish(name)
        for orphan in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                orphan.kill()
        with contextlib.suppress(Exception):
            if self._instance.folder.is_dir():
                self._state.update(lambda document: document.update(pids={}))

    def _reconcile(self) -> None:
        wanted = read_all(self._instance.requests)
        for name in [name for name in self._children if name not in wanted]:
            self._stop(name)
        for name, request in wanted.items():
            if self._served.get(name) == request.ticket:
                continue
            self._stop(name)
            self._served[name] = request.ticket
            self._start(request)

    def _start(self, request: ProcessRequest) -> None:
        try:
            child = start(request)
        except (OSError, subprocess.SubprocessError) as error:
            self._record_death(request.name, ticket=request.ticket, reason=str(error), code=None)
            return
        self._children[request.name] = (request, child)
        identity = ProcessIdentity.of(child.pid)

        def record(document: Document) -> None:
            document.setdefault("deaths", {}).pop(request.name, None)
            pids = document.setdefault("pids", {})
            if identity is None:
                pids.pop(request.name, None)
            else:
                pids[request.name] = identity.as_json() | {"ticket": request.ticket}

        self._state.update(record)

    def _stop(self, name: str) -> None:
        if name in self._children:
            self._signal(name)
            self._finish(name)

    def _signal(self, name: str) -> None:
        request, child = self._children[name]
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, request.stop_signal)

    def _finish(self, name: str) -> None:
        request, child = self._children.pop(name)
        family = _family(child.pid)
        try:
            child.wait(timeout=request.stop_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for member in family:
            with contextlib.suppress(psutil.Error):
                member.kill()

    def _reap(self) -> None:
        for name, (request, child) in list(self._children.items()):
            code = child.poll()
            if code is not None:
                del self._children[name]
                self._record_death(name, ticket=request.ticket, reason=_how(code), code=code)
        known = {child.pid for _, child in self._children.values()}
        # Reaps adopted orphans by pid, so that waitpid does not take the exit status of a child.
        for process in psutil.Process().children():
            if process.pid not in known:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)

    def _record_death(self, name: str, *, ticket: str, reason: str, code: int | None) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")

        def record(document: Document) -> None:
            document.setdefault("pids", {}).pop(name, None)
            death = {"at": at, "reason": reason, "code": code, "ticket": ticket}
            document.setdefault("deaths", {})[name] = death

        print(f"{at} {name} {reason}", flush=True)
        self._state.update(record)

    def _record_self(self) -> None:
        identity = ProcessIdentity.of(os.getpid())
        assert identity is not None
        self._state.update(lambda document: document.update(pids={"supervisor": identity.as_json()}))


def _family(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def main() -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    adopt_orphans()
    instance = Instance.from_env()
    lock = FileLock(instance.folder / "supervisor.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return 3
    supervisor = Supervisor(instance)
    try:
        supervisor.run()
    except Exception:
        print(time.strftime("%FT%T"), traceback.format_exc(), flush=True)
        supervisor.stop_all()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
