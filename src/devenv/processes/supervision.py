"""Controls the supervisor from a command: starts it, requests processes, ends it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from devenv.instance import Instance
from devenv.problem import Problem
from devenv.processes.identity import ProcessIdentity
from devenv.processes.request import ProcessRequest
from devenv.state import Document, StateFile, identities, running

_START_SECONDS = 10.0


class Supervision:
    """Talks to the instance's supervisor through its folder and SIGHUP."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.state = StateFile(instance)

    def supervisor(self) -> ProcessIdentity | None:
        """The living supervisor, or None."""
        identity = identities(self.state.read()).get("supervisor")
        return identity if identity is not None and identity.alive() else None

    def ensure(self) -> None:
        """Starts the supervisor unless it runs. Raises Problem when it does not start."""
        if self.supervisor() is not None:
            return
        shutil.rmtree(self._instance.requests, ignore_errors=True)
        self._instance.requests.mkdir(parents=True)
        self._instance.logs.mkdir(parents=True, exist_ok=True)
        log = self._instance.logs / "supervisor.log"
        with log.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "devenv.processes.supervisor"],
                env=clean_environment(self._instance),
                cwd=self._instance.project,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while self.supervisor() is None:
            code = child.poll()
            if code not in (None, 3) or time.monotonic() > deadline:
                raise Problem(f"The supervisor did not start: {last_line(log)}", fix=f"Read {log}.")
            time.sleep(0.02)

    def ask(self, requests: Iterable[ProcessRequest]) -> None:
        """Requests processes; a request with a new ticket restarts a running process."""
        for request in requests:
            request.write(self._instance.requests)
        self._nudge()

    def withdraw(self, name: str) -> None:
        """Requests the stop of one process."""
        (self._instance.requests / f"{name}.json").unlink(missing_ok=True)
        self._nudge()

    def _nudge(self) -> None:
        supervisor = self.supervisor()
        if supervisor is None:
            raise Problem("The supervisor has ended.", fix=f"Run '{self._instance.command('make up')}' again.")
        os.kill(supervisor.pid, signal.SIGHUP)

    def wait(self, request: ProcessRequest, ready: Callable[[], bool], *, seconds: float) -> None:
        """Waits until `ready` returns True. Raises Problem when the process of that request dies."""
        deadline = time.monotonic() + seconds
        log = Path(request.log)
        while True:
            document = self.state.read()
            if self._started(document, request) and ready():
                return
            death = document.get("deaths", {}).get(request.name)
            if death and death.get("ticket") == request.ticket:
                raise Problem(f"{request.name} {death['reason']}: {last_line(log)}", fix=f"Read {log}.")
            if self.supervisor() is None:
                raise Problem("The supervisor has ended.", fix=f"Read {self._instance.logs / 'supervisor.log'}.")
            if time.monotonic() > deadline:
                raise Problem(
                    f"{request.name} was not ready after {seconds:.0f} s: {last_line(log)}", fix=f"Read {log}."
                )
            time.sleep(0.05)

    def _started(self, document: Document, request: ProcessRequest) -> bool:
        recorded = document.get("pids", {}).get(request.name, {})
        return recorded.get("ticket") == request.ticket and running(document, request.name)

    def end(self, *, seconds: float = 30.0) -> bool:
        """Ends the supervisor and its processes, even if state.json is corrupt; True when a supervisor ran."""
        found = self._find()
        for identity in found:
            if identity.alive():
                os.kill(identity.pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while any(identity.alive() for identity in found):
            if time.monotonic() > deadline:
                for identity in found:
                    _kill_tree(identity)
                break
            time.sleep(0.02)
        return bool(found)

    def _find(self) -> list[ProcessIdentity]:
        try:
            recorded = identities(self.state.read())
        except Problem:
            recorded = {}
        supervisor = recorded.pop("supervisor", None)
        if supervisor is not None and supervisor.alive():
            return [supervisor]
        strays = [identity for identity in recorded.values() if identity.alive()]
        return strays or self._search()

    def _search(self) -> list[ProcessIdentity]:
        """The supervisors of this instance's folder, for a state.json that names none."""
        found: list[ProcessIdentity] = []
        for process in psutil.process_iter(["cmdline"]):
            if (process.info["cmdline"] or [])[1:] != ["-m", "devenv.processes.supervisor"]:
                continue
            try:
                environment = process.environ()
            except psutil.Error:
                continue
            theirs = Instance(
                name=environment.get("MTD_INSTANCE", ""), project=Path(process.cwd()), environ=environment
            )
            identity = ProcessIdentity.of(process.pid)
            if theirs.folder == self._instance.folder and identity is not None:
                found.append(identity)
        return found


def _kill_tree(identity: ProcessIdentity) -> None:
    if not identity.alive():
        return
    try:
        process = psutil.Process(identity.pid)
        for member in [*process.children(recursive=True), process]:
            member.kill()
    except psutil.Error:
        return


def clean_environment(instance: Instance) -> dict[str, str]:
    """The environment of a background process, without the user's AWS settings, language and proxies."""
    kept = tuple(
        ("PATH HOME USER LOGNAME TMPDIR TZ SSL_CERT_FILE LD_LIBRARY_PATH MTD_PG_BINDIR MTD_PARAMETERS").split()
    )
    values = {name: instance.environ[name] for name in kept if instance.environ.get(name)}
    return values | {
        "MTD_INSTANCE": instance.name,
        "MTD_HOME": str(instance.base),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }


def last_line(log: Path) -> str:
    """The last line of a log that is not blank, for a message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return "it wrote no log"
    written = [line.strip() for line in lines if line.strip()]
    return written[-1][:300] if written else "it wrote nothing"
