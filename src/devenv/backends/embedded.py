"""The servers of the embedded backend: processes of this machine, owned by the instance's supervisor."""

import shutil
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from delivery.packaging.layer import LayerPlatform
from devenv.backends import emulator, portal, postgres, simulator, tool_environments
from devenv.backends.servers import DebuggerLocation, Endpoints, ServerStatus
from devenv.console.steps import Steps
from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import FIRST_CHOICE, HOST
from devenv.processes.log_files import follow, tail
from devenv.processes.request import ProcessRequest
from devenv.processes.supervision import Supervision
from devenv.state import Document, identities, running


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServers:
    """Implements the Protocol `Servers`."""

    instance: Instance

    def observed(self) -> dict[str, ServerStatus]:
        document = self._supervision.state.read()
        supervised = running(document, "supervisor")
        pids, deaths = identities(document), document.get("deaths", {})
        found = {}
        for name in (*FIRST_CHOICE, "portal"):
            identity, death = pids.get(name), deaths.get(name)
            found[name] = ServerStatus(
                runs=supervised and running(document, name),
                identity=str(identity.pid) if identity else "",
                death=f"{death['reason']} at {death['at']}" if death else "",
            )
        return found

    def start(self, ports: Mapping[str, int], steps: Steps) -> None:
        alive = {name for name, server in self.observed().items() if server.runs}
        with ThreadPoolExecutor(3) as pool:
            started = [pool.submit(self._assets, steps)]
            if "postgres" not in alive:
                started.append(pool.submit(self._postgres, ports["postgres"], steps))
            known = self._supervision.state.read().get("simulator_source")
            if "simulator" not in alive or known != simulator.source_hash(self.instance):
                started.append(pool.submit(self._simulator, ports["simulator"], steps))
            made = self._environments(steps)
            if "localstack" not in alive:
                with steps.step("LocalStack") as step:
                    self._localstack(ports["localstack"], made)
                    step.note = f"http://{HOST}:{ports['localstack']}"
            for future in started:
                future.result()

    def serve_portal(self, document: Document) -> None:
        request = portal.request(self.instance, document, portal.ensure_assets(self.instance))
        self._run(request)
        port = document["ports"]["portal"]
        self._supervision.wait(request, lambda: emulator.answers(f"http://{HOST}:{port}/health"), seconds=40)

    def debugger(self) -> DebuggerLocation:
        python = tool_environments.ensure_recipe(tool_environments.debugger(self.instance), self.instance)
        [folder] = (python.parents[1] / "lib").glob("python*/site-packages")
        return DebuggerLocation(folder=str(folder), host=HOST)

    def restart_localstack(self) -> None:
        port = int(self._supervision.state.read()["ports"]["localstack"])
        self._localstack(port, tool_environments.ensure(self.instance))

    def restart_postgres(self) -> None:
        supervision, credentials = self._supervision, InstancePasswords.of(self.instance)
        asked = ProcessRequest.read(self.instance.requests / "postgres.json")
        request = replace(asked, ticket=uuid.uuid4().hex)
        supervision.ask([request])
        port = int(supervision.state.read()["ports"]["postgres"])
        supervision.wait(request, lambda: postgres.accepts(port, credentials), seconds=40)

    def pids(self) -> dict[str, int]:
        document = self._supervision.state.read()
        return {name: identity.pid for name, identity in identities(document).items() if name in FIRST_CHOICE}

    def layer_platform(self) -> LayerPlatform:
        return LayerPlatform.of_interpreter(tool_environments.ensure(self.instance).runtime)

    def endpoints(self, ports: Mapping[str, int]) -> Endpoints:
        return Endpoints(
            database_host=HOST, database_port=ports["postgres"], simulator=f"http://{HOST}:{ports['simulator']}"
        )

    def stop(self) -> bool:
        return self._supervision.end()

    def wipe(self) -> None:
        postgres.remove_data(self.instance)

    def lines(self, name: str, last: int) -> list[str]:
        return tail(self.instance.logs / f"{name}.log", last)

    def follow(self, name: str, last: int) -> None:
        follow([self.instance.logs / f"{name}.log"], last=last)

    @property
    def _supervision(self) -> Supervision:
        return Supervision(self.instance)

    def _assets(self, steps: Steps) -> None:
        if not portal.libraries_folder(self.instance).exists():
            with steps.step("Portal's libraries"):
                portal.ensure_assets(self.instance)

    def _environments(self, steps: Steps) -> tool_environments.ToolEnvironments:
        ready = all(
            (recipe.folder(self.instance.venvs) / "mtd-complete").exists()
            for recipe in tool_environments.recipes(self.instance)
        )
        if ready:
            return tool_environments.ensure(self.instance)
        with steps.step("Python environments"):
            return tool_environments.ensure(self.instance)

    def _postgres(self, port: int, steps: Steps) -> None:
        with steps.step("PostgreSQL") as step:
            credentials = InstancePasswords.of(self.instance)
            server = postgres.prepare(self.instance, port, credentials)
            request = server.request(self.instance)
            self._supervision.state.merge(postgres={"data": str(server.data), "bindir": str(server.bindir)})
            self._run(request)
            self._supervision.wait(request, lambda: postgres.accepts(port, credentials), seconds=40)
            postgres.ensure_database(port, credentials)
            step.note = f"{HOST}:{port}"

    def _simulator(self, port: int, steps: Steps) -> None:
        with steps.step("Legacy systems' simulator") as step:
            request = simulator.request(self.instance, port)
            self._run(request)
            self._supervision.wait(request, lambda: emulator.answers(f"http://{HOST}:{port}/health"), seconds=40)
            self._supervision.state.merge(simulator_source=simulator.source_hash(self.instance))
            step.note = f"http://{HOST}:{port}"

    def _localstack(self, port: int, made: tool_environments.ToolEnvironments) -> None:
        """Starts or restarts LocalStack without any state of an earlier run."""
        supervision = self._supervision
        supervision.withdraw("localstack")
        deadline = time.monotonic() + 15
        while running(supervision.state.read(), "localstack") and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(self.instance.folder / "localstack", ignore_errors=True)
        request = emulator.request(self.instance, made, port)
        self._run(request)
        supervision.wait(request, lambda: emulator.healthy(port), seconds=90)

    def _run(self, request: ProcessRequest) -> None:
        log = Path(request.log)
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        self._supervision.ask([request])
