"""compose.yaml under Testcontainers: the containers of one instance, started for the tests and gone with them.

Testcontainers has Ryuk remove what carries its session's label when the tests are killed. Ryuk is switched off by
TESTCONTAINERS_RYUK_DISABLED=true, or by itself where its image cannot be had; the tests clean up in either case."""

import os
from functools import cached_property
from pathlib import Path

from docker.errors import DockerException
from testcontainers.compose import DockerCompose
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import Reaper
from testcontainers.core.labels import SESSION_ID

from devenv.backends.compose import FIRST, ComposeServers

_LABELS = Path(__file__).with_name("ryuk.yaml")
_SESSION = "MTD_TESTCONTAINERS_SESSION"


class ComposeProject(DockerCompose):
    """One instance's containers, by the same Compose and the same settings as `mtd`."""

    def __init__(self, servers: ComposeServers) -> None:
        super().__init__(servers.instance.project, services=list(FIRST))
        self._servers = servers

    @cached_property
    def compose_command_property(self) -> list[str]:
        command = self._servers.command()
        return [*command, "--file", str(_LABELS)] if os.environ.get(_SESSION) else command


def guard() -> None:
    """Has Ryuk watch over this process, for all of its xdist workers; what they start bears its label."""
    if testcontainers_config.ryuk_disabled:
        return
    try:
        Reaper.get_instance()
    except DockerException:
        testcontainers_config.ryuk_disabled = True
        return
    os.environ[_SESSION] = SESSION_ID


def unguard() -> None:
    """Ends Ryuk, if it was started."""
    Reaper.delete_instance()
