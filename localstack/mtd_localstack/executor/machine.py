"""The objects that all executors of this LocalStack share."""

import re
from threading import Lock

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from mtd_localstack.executor.call_faults import CallFaults
from mtd_localstack.executor.debugging import Debuggers
from mtd_localstack.executor.environments import Environments
from mtd_localstack.executor.fork_client import ForkServers
from mtd_localstack.executor.layers import search_path, unpack
from mtd_localstack.settings import Settings
from mtd_localstack.telemetry.cloudwatch import CloudWatchReceiver
from mtd_localstack.telemetry.delivery import Delivery

PYTHON_RUNTIME = re.compile(r"python(\d+\.\d+)")


class UnsupportedFunction(Exception):
    """The function cannot run here; the message says why."""


class Machine:
    """The settings, fork servers, log delivery and register of environments for all executors."""

    def __init__(self, settings: Settings, delivery: Delivery) -> None:
        self.settings = settings
        self.servers = ForkServers(settings.lambda_python, settings.work_dir, fork=settings.fork)
        self.delivery = delivery
        self.environments = Environments()
        self.debuggers = Debuggers()
        self.faults = CallFaults()
        self._users: dict[tuple[str, ...], set[str]] = {}
        self._lock = Lock()

    def prepare(self, version: FunctionVersion) -> None:
        """Unpack code and layers, and have the layers' fork server load its modules meanwhile."""
        if not version.config.code or not PYTHON_RUNTIME.fullmatch(version.config.runtime or ""):
            raise UnsupportedFunction(
                f"{version.id.function_name}: only zip packages of a python runtime run as processes, "
                f"not {version.config.runtime or 'an image'}."
            )
        version.config.code.prepare_for_execution()
        _, layers = self.layer_path(version)
        with self._lock:
            self._users.setdefault(layers, set()).add(version_key(version))
        self.servers.get(layers)

    def cleanup(self, version: FunctionVersion) -> None:
        """Stop the fork server that nobody needs any more."""
        key = version_key(version)
        with self._lock:
            unused = []
            for path, users in list(self._users.items()):
                if key in users:
                    users.discard(key)
                    if not users:
                        del self._users[path]
                        unused.append(path)
        for path in unused:
            self.servers.drop(path)

    def layer_path(self, version: FunctionVersion) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The layers' folders for sys.path: those of hot functions, and the unpacked ones."""
        folder = self.settings.work_dir / "layers"
        layers = [
            (layer.layer_arn.rsplit(":", 1)[1], unpack(layer.code, folder))
            for layer in version.config.layers
            if layer.code
        ]
        is_hot = version.config.code is not None and version.config.code.is_hot_reloading()
        python = (version.config.runtime or "python").removeprefix("python")
        hot, unpacked = search_path(layers, hot=self.settings.hot_layers if is_hot else {}, python=python)
        return tuple(hot), tuple(unpacked)

    def stop(self) -> None:
        """End every process, and hand over the last logs."""
        self.servers.stop()
        self.delivery.stop()


def version_key(version: FunctionVersion) -> str:
    """One preparation of a function version."""
    return f"{version.qualified_arn}/{version.config.internal_revision}"


_machine: Machine | None = None
_machine_lock = Lock()


def machine() -> Machine:
    """The one of this LocalStack, made when first needed. Raises SettingsError."""
    global _machine
    with _machine_lock:
        if _machine is None:
            _machine = Machine(Settings.from_env(), Delivery(CloudWatchReceiver()))
        return _machine
