"""Starts a local system on any backend: the servers, the deployment into them, and the watch."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from filelock import FileLock

from delivery.deployment.deployment import LocalDeployment, deploy, local_package
from delivery.packaging.packaging import Packaged
from devenv.aws import Clients
from devenv.backends import portal, postgres
from devenv.backends.choice import recorded_backend, servers_of
from devenv.backends.servers import Servers
from devenv.backup.emulator_state import EmulatorState
from devenv.console.screen import console
from devenv.console.steps import Steps
from devenv.instance import REGION, Instance
from devenv.passwords import InstancePasswords
from devenv.ports import FIRST_CHOICE, HOST, PortChooser, can_bind
from devenv.problem import Problem
from devenv.processes.request import ProcessRequest
from devenv.processes.supervision import Supervision
from devenv.state import Document, running
from devenv.watch import background

PROCESSES = (*FIRST_CHOICE, "portal", "watch")
# LocalStack's functions listen on the port of `mtd debug`.
_WITH_LOCALSTACK = frozenset({"debugger"})
_LEAST_FREE_BYTES = 400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEnvironment:
    """Starts the servers that do not run and leaves the others alone. state.json keeps `backend` under its key
    `home`."""

    instance: Instance
    backend: str
    steps: Steps
    watch: bool = True

    def missing(self) -> list[str]:
        """The names of the servers that do not run, and of the watch if it should run and does not."""
        document = Supervision(self.instance).state.read()
        if not running(document, "supervisor"):
            return list(PROCESSES)
        missing = [name for name, server in self._servers.observed().items() if not server.runs]
        return missing + (["watch"] if self.watch and not running(document, "watch") else [])

    def up(self) -> Document:
        """Starts the servers, deploys, starts the watch, and returns the state document. Raises Problem."""
        self._check_disk()
        supervision = Supervision(self.instance)
        # The children of a dead supervisor die a moment later. Until then they hold this instance's ports.
        if supervision.supervisor() is None:
            supervision.end(seconds=10)
        document = supervision.state.read()
        alive = frozenset(name for name, server in self._servers.observed().items() if server.runs)
        held = alive | _WITH_LOCALSTACK if "localstack" in alive else alive
        ports = PortChooser(instance=self.instance, free=can_bind).choose(document.get("ports", {}), held)
        supervision.ensure()
        endpoint = f"http://{HOST}:{ports['localstack']}"
        supervision.state.merge(
            home=self.backend, region=REGION, endpoint=endpoint, ports=ports, stack=self.instance.stack
        )
        with ThreadPoolExecutor(2) as pool:
            started = pool.submit(self._servers.start, ports, self.steps)
            packaged = pool.submit(self._package, endpoint)
            started.result()  # a server that does not start is reported before a template that cannot be packaged
        postgres.ensure_database(ports["postgres"], InstancePasswords.of(self.instance))
        # The watch reads the sources while LocalStack deploys, which keeps one core busy.
        watch = self._begin_watch(supervision) if self.watch and not running(document, "watch") else None
        document = self._deploy(packaged.result(), deployed_before="localstack" in alive)
        _serve_portal(self.instance, self._servers, self.steps)
        if watch:
            supervision.wait(watch, background.marker(self.instance).exists, seconds=20)
        return document

    @property
    def _servers(self) -> Servers:
        return servers_of(self.instance, self.backend)

    def _begin_watch(self, supervision: Supervision) -> ProcessRequest:
        """Asks the supervisor for the watch, which writes its marker once it sees every saved file."""
        background.marker(self.instance).unlink(missing_ok=True)
        request = background.request(self.instance)
        supervision.ask([request])
        return request

    def _package(self, endpoint: str) -> Packaged:
        platform = self._servers.layer_platform()
        with self.steps.step("Templates and layer packaged"):
            return local_package(self.instance, endpoint, platform)

    def _deploy(self, packaged: Packaged, *, deployed_before: bool) -> Document:
        with self.steps.step("Stack deployed, database migrated") as step:
            deployed, restored = _deploy_afresh(self.instance, self._servers, packaged, deployed_before=deployed_before)
            step.note = f"{self.instance.stack}, {'created anew' if deployed.fresh else 'unchanged'}"
        if restored is not None:
            with self.steps.step("Queues and inbox as they were") as step:
                step.note = f"{restored[0]} messages, {restored[1]} objects"
        if deployed.failure is not None:
            _serve_portal(self.instance, self._servers, self.steps)
        _refuse(deployed)
        return Supervision(self.instance).state.read()

    def _check_disk(self) -> None:
        folder = self.instance.folder
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < _LEAST_FREE_BYTES:
            raise Problem(
                f"The disk of {folder} is full: {free // 1_000_000} MB are free, "
                f"{_LEAST_FREE_BYTES // 1_000_000} MB are needed.",
                fix="Free some space ('make clean' removes what was built), or set MTD_HOME to another disk.",
            )


def _serve_portal(instance: Instance, servers: Servers, steps: Steps) -> None:
    """Starts the portal, and restarts it when its code or the address of the API has changed."""
    state = Supervision(instance).state
    document = state.read()
    serves = {"portal_api": document["api_url"], "portal_source": portal.source_hash(instance)}
    if servers.observed()["portal"].runs and all(document.get(name) == value for name, value in serves.items()):
        return
    with steps.step("Portal") as step:
        address = f"http://{HOST}:{document['ports']['portal']}"
        servers.serve_portal(document)
        state.merge(portal=address, **serves)
        step.note = address


def redeploy(instance: Instance) -> str:
    """Deploys the templates if they changed and returns a sentence about it. Raises Problem."""
    started = time.monotonic()
    document = Supervision(instance).state.read()
    servers = servers_of(instance, recorded_backend(document))
    packaged = local_package(instance, str(document["endpoint"]), servers.layer_platform())
    deployed, _ = _deploy_afresh(instance, servers, packaged, deployed_before=True)
    if not deployed.fresh:
        return "the packaged template has not changed: nothing to deploy"
    _serve_portal(instance, servers, Steps(console()))
    _refuse(deployed)
    return f"deployed a new stack in {time.monotonic() - started:.1f} s; the database was kept"


def _deploy_afresh(
    instance: Instance, servers: Servers, packaged: Packaged, *, deployed_before: bool
) -> tuple[LocalDeployment, tuple[int, int] | None]:
    """Deploys and records the deployment in state.json. A lock keeps `up` and the watch from deploying at once.

    Returns the deployment, and the numbers of messages and objects that were put back. Raises Problem.
    """
    state = Supervision(instance).state
    with FileLock(instance.folder / "deploy.lock"):
        document = state.read()
        current = document.get("fingerprint") if deployed_before else None

        def keep() -> None:
            EmulatorState(instance).save(Clients(document["endpoint"]))
            state.update(lambda kept: kept.update(fingerprint=None))

        deployed = deploy(
            instance,
            Clients(document["endpoint"]),
            packaged,
            servers.endpoints(document["ports"]),
            InstancePasswords.of(instance),
            current=current,
            keep=keep,
            restart=servers.restart_localstack,
        )
        state.merge(
            outputs=deployed.outputs,
            api_url=deployed.outputs.get("ApiUrl", ""),
            fingerprint=deployed.fingerprint,
            deployed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        restored = _restore(instance, state.read()) if deployed.fresh else None
    return deployed, restored


def _refuse(deployed: LocalDeployment) -> None:
    """Raises Problem where the earlier stack had to be created again."""
    if deployed.failure is not None:
        raise Problem(
            f"{deployed.failure.sentence} The earlier stack serves again.", fix=deployed.failure.fix or "Correct it."
        )


def _restore(instance: Instance, document: Document) -> tuple[int, int] | None:
    """Puts kept messages and objects into the new stack. Returns their numbers, None if nothing was kept."""
    kept = EmulatorState(instance)
    return kept.restore(Clients(document["endpoint"]), document) if kept.exists() else None
