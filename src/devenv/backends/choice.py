"""Which home an instance runs in, and why; the servers of that home."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.backends import docker
from devenv.backends.compose import ComposeServers
from devenv.backends.embedded import EmbeddedServers
from devenv.backends.servers import Servers
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.state import StateFile, running

BACKENDS = ("embedded", "compose")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendChoice:
    name: str
    reason: str


def choose(
    asked: str, instance: Instance, engine_away: Callable[[Mapping[str, str]], str] = docker.engine_away
) -> BackendChoice:
    """The home that was asked for, or the default. Raises Problem (exit code 2) for one that cannot be had.

    `engine_away` says why no Docker engine can be used, or nothing."""
    if asked and asked not in BACKENDS:
        raise Problem(f"HOME_KIND is '{asked}', which is no home.", fix=f"Use {' or '.join(BACKENDS)}.", code=2)
    document = StateFile(instance).read()
    before = document.get("home", "")
    if asked and before and asked != before and running(document, "supervisor"):
        raise Problem(
            f"Instance '{instance.name}' runs in the {before} home.",
            fix=f"End it first ({instance.command('make down')}), or start a second one: "
            f"MTD_INSTANCE={instance.name}-{asked} make up HOME_KIND={asked}",
            code=2,
        )
    if asked == "embedded":
        return BackendChoice(name=asked, reason="asked for")
    if not asked and before == "embedded":
        return BackendChoice(name=before, reason="as before: its database is there")
    away = engine_away(instance.environ)
    if away and (asked or before == "compose"):
        raise docker.no_engine(away)
    if away:
        return BackendChoice(name="embedded", reason=f"no Docker engine answers: {away}")
    if asked:
        return BackendChoice(name=asked, reason="asked for")
    if before:
        return BackendChoice(name="compose", reason="as before: its database is there")
    return BackendChoice(name="compose", reason="a Docker engine answers; HOME_KIND=embedded does without")


def recorded(document: Mapping[str, Any]) -> str:
    """The home in the state document."""
    return str(document.get("home") or "embedded")


def servers_of(instance: Instance, kind: str) -> Servers:
    """The servers of that home."""
    return ComposeServers(instance=instance) if kind == "compose" else EmbeddedServers(instance=instance)
