"""The servers of the compose backend: containers of compose.yaml, one Compose project per instance."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from delivery.packaging.layer import LayerPlatform
from devenv.backends import docker, emulator, portal, postgres
from devenv.backends.compose_settings import ComposeSettings
from devenv.backends.servers import DebuggerLocation, Endpoints, ServerStatus
from devenv.console.steps import Steps
from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import FIRST_CHOICE, HOST
from devenv.problem import Problem
from devenv.state import Document, StateFile

# The Python of Debian trixie, from which the images are built.
PYTHON = "3.13"
_SERVICES = {"localstack": "localstack", "postgres": "postgres", "simulator": "legacy-simulator", "portal": "portal"}
FIRST = ("localstack", "postgres", "legacy-simulator")
"""The services that start before the deployment."""
_HEALTHY_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeServers:
    """Implements the Protocol `Servers`."""

    instance: Instance

    @property
    def settings(self) -> ComposeSettings:
        return ComposeSettings(instance=self.instance)

    def observed(self) -> dict[str, ServerStatus]:
        containers = self._containers() if self.settings.file.exists() else {}
        return {name: _server(containers.get(service)) for name, service in _SERVICES.items()}

    def start(self, ports: Mapping[str, int], steps: Steps) -> None:
        self.settings.write(ports)
        if not all(server.runs for name, server in self.observed().items() if name != "portal"):
            with steps.step("Images built"):
                self.build()
            with steps.step("Containers") as step:
                self._run(
                    "the start of the containers",
                    *("up", "--detach", "--no-build", "--wait", "--wait-timeout", str(_HEALTHY_SECONDS), *FIRST),
                )
                step.note = ", ".join(f"{name} {HOST}:{ports[name]}" for name in FIRST_CHOICE)
        self._make_database(ports["postgres"])

    def serve_portal(self, document: Document) -> None:
        self.settings.write_portal(
            portal.settings(self.instance, document, database=("postgres", 5432), emulator="localstack")
        )
        self.build()
        wait = ("--wait", "--wait-timeout", str(_HEALTHY_SECONDS))
        self._run(
            "the start of the portal", "up", "--detach", "--no-build", "--no-deps", "--force-recreate", *wait, "portal"
        )

    def debugger(self) -> DebuggerLocation:
        return DebuggerLocation(folder="/opt/mtd/debugger", host="0.0.0.0")

    def restart_localstack(self) -> None:
        self._run("the restart of LocalStack", "restart", "--no-deps", "localstack")
        port = int(StateFile(self.instance).read()["ports"]["localstack"])
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while not emulator.healthy(port):
            if time.monotonic() > deadline:
                raise Problem(
                    f"LocalStack was not ready after {_HEALTHY_SECONDS} s.", fix="Read 'mtd logs localstack'."
                )
            time.sleep(0.1)

    def restart_postgres(self) -> None:
        self._run("the restart of PostgreSQL", "restart", "--no-deps", "postgres")
        self._make_database(int(StateFile(self.instance).read()["ports"]["postgres"]))

    def pids(self) -> dict[str, int]:
        """The first process of each container, if the /proc of this machine shows it."""
        containers = {server.identity: name for name, server in self.observed().items() if server.runs}
        found: dict[str, int] = {}
        for pid in sorted(int(path.name) for path in Path("/proc").glob("[0-9]*")):
            try:
                group = Path(f"/proc/{pid}/cgroup").read_text("ascii")
            except OSError:
                continue
            for identity, name in containers.items():
                if identity in group:
                    found.setdefault(name, pid)
        return found

    def layer_platform(self) -> LayerPlatform:
        return LayerPlatform.in_container(PYTHON)

    def endpoints(self, ports: Mapping[str, int]) -> Endpoints:
        del ports  # functions reach the other containers by the names and ports of the Compose network
        return Endpoints(database_host="postgres", database_port=5432, simulator="http://legacy-simulator:4580")

    def stop(self) -> bool:
        if not self.settings.file.exists():
            return False
        containers = self._containers()
        self._run("the stop of the containers", "down", "--remove-orphans")
        return bool(containers)

    def wipe(self) -> None:
        if self.settings.file.exists():
            self._run("the removal of the containers", "down", "--remove-orphans", "--volumes")

    def lines(self, name: str, last: int) -> list[str]:
        words = ("logs", "--no-color", "--no-log-prefix", "--tail", str(last), _SERVICES[name])
        return self._run("the reading of a log", *words).splitlines()

    def follow(self, name: str, last: int) -> None:
        words = ("logs", "--no-color", "--no-log-prefix", "--follow", "--tail", str(last), _SERVICES[name])
        command = self.command(*words)
        os.execvpe(command[0], command, dict(self.instance.environ))

    def command(self, *words: str) -> list[str]:
        """Docker Compose's command line for this instance's project."""
        project = str(self.instance.project)
        return [
            *docker.command(),
            "--project-directory",
            project,
            "--file",
            f"{project}/compose.yaml",
            "--project-name",
            self.settings.project,
            "--env-file",
            str(self.settings.file),
            *words,
        ]

    def build(self) -> None:
        """Builds the images that are missing. Raises Problem."""
        # When two instances start at once, the second waits and finds the layers of the first.
        lock = f"mtd-images-{self.settings.images}-{os.getuid()}.lock"
        with FileLock(Path(tempfile.gettempdir()) / lock):
            self._run("the build of the images", "build", "--quiet")

    def _make_database(self, port: int) -> None:
        credentials = InstancePasswords.of(self.instance)
        deadline = time.monotonic() + 20
        while not postgres.accepts(port, credentials):
            if time.monotonic() > deadline:
                raise Problem(f"PostgreSQL does not answer on {HOST}:{port}.", fix="Read 'mtd logs postgres'.")
            time.sleep(0.1)
        postgres.ensure_database(port, credentials)

    def _containers(self) -> dict[str, dict[str, Any]]:
        """Each container by its service, as `docker compose ps` lists it."""
        listing = self._run("the listing of the containers", "ps", "--all", "--format", "json")
        return {str(item["Service"]): item for item in parse_listing(listing)}

    def _run(self, doing: str, *words: str) -> str:
        """Runs Docker Compose and returns its output, which compose.log keeps unless it is a listing. Raises
        Problem."""
        environ = {name: value for name, value in self.instance.environ.items() if not name.startswith("COMPOSE_")}
        try:
            ended = subprocess.run(
                self.command(*words), env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
            )
        except OSError as error:
            raise Problem(f"Docker Compose does not run: {error}.", fix="Run 'rm -rf .venv && make venv'.") from error
        log = self.instance.logs / "compose.log"
        if words[0] not in {"ps", "logs"} or ended.returncode:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                file.write(f"$ docker compose {' '.join(words)}\n{ended.stdout}{ended.stderr}")
        if ended.returncode:
            raise docker.failure(doing, ended.stderr or ended.stdout, log)
        return ended.stdout


def parse_listing(listing: str) -> list[dict[str, Any]]:
    """Reads `ps --format json`: one list up to Compose 2.20, one object a line since."""
    if listing.lstrip().startswith("["):
        return list(json.loads(listing))
    return [json.loads(line) for line in listing.splitlines() if line.strip()]


def _server(container: Mapping[str, Any] | None) -> ServerStatus:
    if container is None:
        return ServerStatus(runs=False)
    state, code = str(container["State"]), int(container.get("ExitCode") or 0)
    runs = state == "running"
    return ServerStatus(runs=runs, identity=str(container["ID"])[:12], death="" if runs else _how_it_ended(state, code))


def _how_it_ended(state: str, code: int) -> str:
    if state == "created":  # never started
        return ""
    if state != "exited":
        return f"is {state}"
    if code > 128:
        try:
            return f"was ended by {signal.Signals(code - 128).name}"
        except ValueError:
            pass
    return f"ended with exit code {code}"
