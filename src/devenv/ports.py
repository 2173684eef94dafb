"""Chooses loopback ports: usual ones for `dev` if they are free, random ones for other instances."""

import random
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil

from devenv.instance import Instance
from devenv.problem import Problem

HOST = "127.0.0.1"
FIRST_CHOICE = {"localstack": 4566, "postgres": 5432, "simulator": 4580}
# The portal starts last. The debugger's port is used during `mtd debug` only.
FAMILIAR = FIRST_CHOICE | {"portal": 8080, "debugger": 5678}
# Below the range from which the kernel takes ports of outgoing connections.
RANGE = (20000, 32000)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortChooser:
    """Chooses one port for each service. `free` returns True for a port that can be bound."""

    instance: Instance
    free: Callable[[int], bool]

    def choose(self, remembered: Mapping[str, int], held: frozenset[str]) -> dict[str, int]:
        """The port of every service. `held` are services of this instance that listen already.

        Raises Problem when another process has a port that was asked for, or that this instance had before."""
        chosen: dict[str, int] = {}
        for service, familiar in FAMILIAR.items():
            variable = f"MTD_{service.upper()}_PORT"
            asked = self.instance.setting(variable)
            if asked and not (asked.isdigit() and 0 < int(asked) < 65536):
                raise Problem(f"{variable} must be a port, not '{asked}'.", fix="Use a number from 1 to 65535.")
            port = int(asked) if asked else remembered.get(service, 0)
            if port:
                if service not in held and not self.free(port):
                    raise self._taken(service, port, variable)
            else:
                port = self._fresh(familiar, set(chosen.values()) | set(remembered.values()))
            chosen[service] = port
        return chosen

    def _fresh(self, familiar: int, avoid: set[int]) -> int:
        if self.instance.name == "dev" and familiar not in avoid and self.free(familiar):
            return familiar
        for _ in range(500):
            port = random.randint(*RANGE)
            if port not in avoid and self.free(port):
                return port
        raise Problem(
            f"No free port was found from {RANGE[0]} to {RANGE[1]}.",
            fix="Stop processes that listen there, or set the ports: docs/cli.md lists the variables.",
        )

    def _taken(self, service: str, port: int, variable: str) -> Problem:
        return Problem(
            f"Port {port} of {service} is in use by {owner(port)}.",
            fix=f"Stop that process, or choose another port: "
            f"{self.instance.command(f'{variable}={port + 1000 if port < 64000 else port - 1000} make up')}",
        )


def can_bind(port: int) -> bool:
    """Whether this machine lets us listen on the loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def owner(port: int) -> str:
    """The process that listens on a port, for a message."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
                if connection.pid:
                    return f"'{psutil.Process(connection.pid).name()}' (process {connection.pid})"
                break
    except psutil.Error:
        pass
    return "another process"
