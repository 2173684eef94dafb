"""The embedded home: environments, PostgreSQL, LocalStack and the simulator, brought up side by side."""

import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from devenv import emulator, environments, postgres, simulator, watch_request
from devenv.aws import Clients
from devenv.credentials import Credentials
from devenv.deploy.carry_over import carried_over
from devenv.deploy.deployment import Deployed, deploy, local_package
from devenv.deploy.packaging import Packaged
from devenv.instance import REGION, Instance
from devenv.ports import FIRST_CHOICE, HOST, PortChooser, can_bind
from devenv.problem import Problem
from devenv.process_request import ProcessRequest
from devenv.state import Document, running
from devenv.steps import Steps
from devenv.supervision import Supervision

PROCESSES = (*FIRST_CHOICE, "watch")
_LEAST_FREE_BYTES = 400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Brings up what does not run; what runs is left alone."""

    instance: Instance
    steps: Steps
    watch: bool = True

    def missing(self) -> list[str]:
        """The processes that do not run."""
        document = Supervision(self.instance).state.read()
        if not running(document, "supervisor"):
            return list(PROCESSES)
        return [name for name in PROCESSES if not running(document, name) and (name != "watch" or self.watch)]

    def up(self) -> Document:
        """Starts the processes, deploys, starts the watch; the state. Raises Problem."""
        self._check_disk()
        supervision = Supervision(self.instance)
        # With a dead supervisor its children die too, a moment later: they must not be taken for somebody else's.
        if supervision.supervisor() is None:
            supervision.end(seconds=10)
        document = supervision.state.read()
        alive = frozenset(name for name in PROCESSES if running(document, name))
        ports = PortChooser(instance=self.instance, free=can_bind).choose(document.get("ports", {}), alive)
        supervision.ensure()
        endpoint = f"http://{HOST}:{ports['localstack']}"
        supervision.state.merge(
            home="embedded", region=REGION, endpoint=endpoint, ports=ports, stack=self.instance.stack
        )
        credentials = Credentials.of(self.instance)
        with ThreadPoolExecutor(3) as pool:
            started = [
                pool.submit(self._postgres, supervision, ports["postgres"], credentials, "postgres" in alive),
                pool.submit(self._simulator, supervision, ports["simulator"], "simulator" in alive),
            ]
            made = self._environments()
            packaged = pool.submit(self._package, endpoint, made.runtime)
            started.append(pool.submit(self._localstack, supervision, ports["localstack"], made, "localstack" in alive))
            _results([*started, packaged])
        document = self._deploy(supervision, credentials, packaged.result(), stood="localstack" in alive)
        if self.watch and not running(document, "watch"):
            self._watch(supervision)
        return document

    def _watch(self, supervision: Supervision) -> None:
        """Starts the watch and waits until it sees what is saved."""
        watching = watch_request.marker(self.instance)
        watching.unlink(missing_ok=True)
        request = watch_request.request(self.instance)
        supervision.ask([request])
        supervision.wait(request, watching.exists, seconds=20)

    def _environments(self) -> environments.Environments:
        ready = all((recipe.place(self.instance.venvs) / "mtd-complete").exists()
                    for recipe in environments.recipes(self.instance))  # fmt: skip
        if ready:
            return environments.ensure(self.instance)
        with self.steps.step("Python environments"):
            return environments.ensure(self.instance)

    def _postgres(self, supervision: Supervision, port: int, credentials: Credentials, alive: bool) -> None:
        if alive:
            return
        with self.steps.step("PostgreSQL") as step:
            server = postgres.prepare(self.instance, port, credentials)
            request = server.request(self.instance)
            supervision.state.merge(postgres={"data": str(server.data), "bindir": str(server.bindir)})
            _start(supervision, request)
            supervision.wait(request, lambda: postgres.accepts(port, credentials), seconds=40)
            postgres.ensure_database(port, credentials)
            step.note = f"{HOST}:{port}"

    def _simulator(self, supervision: Supervision, port: int, alive: bool) -> None:
        if alive:
            return
        with self.steps.step("Legacy systems' simulator") as step:
            request = simulator.request(self.instance, port)
            _start(supervision, request)
            supervision.wait(request, lambda: emulator.answers(f"http://{HOST}:{port}/health"), seconds=40)
            step.note = f"http://{HOST}:{port}"

    def _localstack(self, supervision: Supervision, port: int, made: environments.Environments, alive: bool) -> None:
        if alive:
            return
        with self.steps.step("LocalStack") as step:
            start_localstack(self.instance, supervision, made, port)
            step.note = f"http://{HOST}:{port}"

    def _package(self, endpoint: str, runtime: Path) -> Packaged:
        with self.steps.step("Templates and layer packaged"):
            return local_package(self.instance, endpoint, runtime)

    def _deploy(
        self,
        supervision: Supervision,
        credentials: Credentials,
        packaged: Packaged,
        *,
        stood: bool,
    ) -> Document:
        with self.steps.step("Stack deployed, database migrated") as step:
            deployed = _bring_to_stand(self.instance, supervision, credentials, packaged, stood=stood)
            step.note = f"{self.instance.stack}, {'made afresh' if deployed.fresh else 'stands already'}"
        return supervision.state.read()

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


def start_localstack(instance: Instance, supervision: Supervision, made: environments.Environments, port: int) -> None:
    """Starts (or starts anew) LocalStack, empty: nothing of an earlier run serves a new one. Raises Problem."""
    supervision.withdraw("localstack")
    deadline = time.monotonic() + 15
    while running(supervision.state.read(), "localstack") and time.monotonic() < deadline:
        time.sleep(0.05)
    shutil.rmtree(instance.folder / "localstack", ignore_errors=True)
    request = emulator.request(instance, made, port)
    _start(supervision, request)
    supervision.wait(request, lambda: emulator.healthy(port), seconds=90)


def _start(supervision: Supervision, request: ProcessRequest) -> None:
    log = Path(request.log)
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    supervision.ask([request])


def redeploy(instance: Instance) -> str:
    """Deploys the templates as they are now, if they changed; what was done. Raises Problem."""
    started = time.monotonic()
    supervision = Supervision(instance)
    endpoint = str(supervision.state.read()["endpoint"])
    packaged = local_package(instance, endpoint, environments.ensure(instance).runtime)
    deployed = _bring_to_stand(instance, supervision, Credentials.of(instance), packaged, stood=True)
    if not deployed.fresh:
        return "the packaged template is the same: nothing to deploy"
    return f"deployed afresh in {time.monotonic() - started:.1f} s; the database was kept"


def _bring_to_stand(
    instance: Instance, supervision: Supervision, credentials: Credentials, packaged: Packaged, *, stood: bool
) -> Deployed:
    """Deploys and records what stands. One at a time: `up` and the watch may both want to."""
    with FileLock(instance.folder / "deploy.lock"):
        document = supervision.state.read()
        standing = document.get("fingerprint") if stood else None
        supervision.state.update(lambda kept: kept.update(fingerprint=None))
        deployed = deploy(
            instance,
            Clients(document["endpoint"]),
            packaged,
            document["ports"],
            credentials,
            standing=standing,
            replacing=carried_over,
            restart=lambda: start_localstack(
                instance, supervision, environments.ensure(instance), int(document["ports"]["localstack"])
            ),
        )
        supervision.state.merge(
            outputs=deployed.outputs,
            api_url=deployed.outputs.get("ApiUrl", ""),
            fingerprint=deployed.fingerprint,
            deployed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
    return deployed


def _results(futures: list[Future[None] | Future[Packaged]]) -> None:
    """The first failure in the order given: what came first is what to mend first."""
    for future in futures:
        future.result()
