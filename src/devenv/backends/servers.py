"""A home's servers (LocalStack, PostgreSQL, the simulator, the portal): all in which the local homes differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from delivery.packaging.layer import LayerPlatform
from devenv.console.steps import Steps
from devenv.state import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """A server as it stands. `identity` changes with each start; `death` says how it ended by itself."""

    runs: bool
    identity: str = ""
    death: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a function finds what is not AWS; `simulator` is a URL."""

    database_host: str
    database_port: int
    simulator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DebuggerLocation:
    """debugpy as a function's process finds it: its folder, and the address on which it may listen."""

    folder: str
    host: str


class Servers(Protocol):
    """The servers by the names that ports have: localstack, postgres, simulator, portal."""

    def observed(self) -> dict[str, ServerStatus]:
        """Every server, whether it runs or not. Raises Problem when nobody can tell."""
        ...

    def start(self, ports: Mapping[str, int], steps: Steps) -> None:
        """Starts what does not run and waits until all answer, the database made. Raises Problem. The portal comes
        later; what it needs is made ready."""
        ...

    def serve_portal(self, document: Document) -> None:
        """Starts the portal of the deployed system, anew if it runs, and waits until it answers. Raises Problem."""
        ...

    def debugger(self) -> DebuggerLocation:
        """What a function is debugged with. Raises Problem when it cannot be had."""
        ...

    def restart_localstack(self) -> None:
        """An empty LocalStack on the same port. Raises Problem."""
        ...

    def restart_postgres(self) -> None:
        """A fast shutdown under those who are at work, and a start on the same port and data. Raises Problem."""
        ...

    def pids(self) -> dict[str, int]:
        """Each server's process, or the first one in its container; what this machine does not show is left out."""
        ...

    def layer_platform(self) -> LayerPlatform:
        """What the functions' layer is built for. Raises Problem."""
        ...

    def endpoints(self, ports: Mapping[str, int]) -> Endpoints: ...

    def stop(self) -> bool:
        """Ends the servers, keeps the database; whether there were any. Raises Problem."""
        ...

    def wipe(self) -> None:
        """Removes what they keep, the database too. Raises Problem."""
        ...

    def lines(self, name: str, last: int) -> list[str]:
        """The last lines of a server's log."""
        ...

    def follow(self, name: str, last: int) -> None:
        """Prints the last lines of a server's log and what comes, until interrupted."""
        ...
