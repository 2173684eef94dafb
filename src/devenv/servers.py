"""The three servers of a home (LocalStack, PostgreSQL, the simulator): all in which the local homes differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from devenv.deploy.layer import Target
from devenv.steps import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server as it stands. `identity` changes with each start; `death` says how it ended by itself."""

    runs: bool
    identity: str = ""
    death: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a function finds what is not AWS; `simulator` is a URL."""

    database_host: str
    database_port: int
    simulator: str


class Servers(Protocol):
    """The servers by the names that ports have: localstack, postgres, simulator."""

    def observed(self) -> dict[str, Server]:
        """Every server, whether it runs or not. Raises Problem when nobody can tell."""
        ...

    def start(self, ports: Mapping[str, int], steps: Steps) -> None:
        """Starts what does not run and waits until all answer, the database made. Raises Problem."""
        ...

    def restart_localstack(self) -> None:
        """An empty LocalStack on the same port. Raises Problem."""
        ...

    def pids(self) -> dict[str, int]:
        """Each server's process, or the first one in its container; what this machine does not show is left out."""
        ...

    def target(self) -> Target:
        """What the functions' layer is built for. Raises Problem."""
        ...

    def places(self, ports: Mapping[str, int]) -> Places: ...

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
