"""The servers of a backend: LocalStack, PostgreSQL, the simulator and the portal. The backends differ in nothing
else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from delivery.packaging.layer import LayerPlatform
from devenv.console.steps import Steps
from devenv.state import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """`identity` changes with each start; `death` says how the server ended, if nobody stopped it."""

    runs: bool
    identity: str = ""
    death: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The addresses of PostgreSQL and of the simulator, a URL, as functions reach them."""

    database_host: str
    database_port: int
    simulator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DebuggerLocation:
    """The folder of debugpy for a function's process, and the address on which it may listen."""

    folder: str
    host: str


class Servers(Protocol):
    """The servers by the names of their ports: localstack, postgres, simulator, portal."""

    def observed(self) -> dict[str, ServerStatus]:
        """The status of every server. Raises Problem when it cannot be read."""
        ...

    def start(self, ports: Mapping[str, int], steps: Steps) -> None:
        """Starts the servers that do not run, makes the database, and waits until all answer. Raises Problem.

        The portal starts later; this installs the portal's libraries."""
        ...

    def serve_portal(self, document: Document) -> None:
        """Starts or restarts the portal of the deployed system and waits until it answers. Raises Problem."""
        ...

    def debugger(self) -> DebuggerLocation:
        """The debugger for functions. Raises Problem when it cannot be installed."""
        ...

    def restart_localstack(self) -> None:
        """Restarts LocalStack, empty, on the same port. Raises Problem."""
        ...

    def restart_postgres(self) -> None:
        """Shuts PostgreSQL down fast, which cuts its connections, and starts it on the same port and data. Raises
        Problem."""
        ...

    def pids(self) -> dict[str, int]:
        """Each server's process, or the first process of its container. Processes that this machine hides are left
        out."""
        ...

    def layer_platform(self) -> LayerPlatform:
        """The Python and platform for which the functions' layer is built. Raises Problem."""
        ...

    def endpoints(self, ports: Mapping[str, int]) -> Endpoints: ...

    def stop(self) -> bool:
        """Stops the servers and keeps the database; True when a server ran. Raises Problem."""
        ...

    def wipe(self) -> None:
        """Removes the servers' data, the database included. Raises Problem."""
        ...

    def lines(self, name: str, last: int) -> list[str]:
        """The last lines of a server's log."""
        ...

    def follow(self, name: str, last: int) -> None:
        """Prints the last lines of a server's log and each new line, until interrupted."""
        ...
