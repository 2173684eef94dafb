"""Chooses the backend of an instance (embedded or compose), says why, and gives its servers."""

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
    asked: str, instance: Instance, why_no_engine: Callable[[Mapping[str, str]], str] = docker.why_no_engine
) -> BackendChoice:
    """The backend that was asked for, or the default. Raises Problem (exit code 2) if that backend is not available.

    `why_no_engine` gives the reason why no Docker engine can be used, or an empty text."""
    if asked and asked not in BACKENDS:
        raise Problem(
            f"HOME_KIND must be {' or '.join(BACKENDS)}, not '{asked}'.",
            fix="Correct HOME_KIND, or leave it out: mtd then chooses the backend.",
            code=2,
        )
    document = StateFile(instance).read()
    before = document.get("home", "")
    if asked and before and asked != before and running(document, "supervisor"):
        raise Problem(
            f"Instance '{instance.name}' runs in the {before} backend.",
            fix=f"Stop it first ({instance.command('make down')}), or start a second one: "
            f"MTD_INSTANCE={instance.name}-{asked} make up HOME_KIND={asked}",
            code=2,
        )
    if asked == "embedded":
        return BackendChoice(name=asked, reason="asked for")
    if not asked and before == "embedded":
        return BackendChoice(name=before, reason="as before, because the database of the instance is there")
    reason = why_no_engine(instance.environ)
    if reason and (asked or before == "compose"):
        raise docker.no_engine(reason)
    if reason:
        return BackendChoice(name="embedded", reason=f"no Docker engine answers: {reason}")
    if asked:
        return BackendChoice(name=asked, reason="asked for")
    if before:
        return BackendChoice(name="compose", reason="as before, because the database of the instance is there")
    return BackendChoice(name="compose", reason="a Docker engine answers; HOME_KIND=embedded needs none")


def recorded_backend(document: Mapping[str, Any]) -> str:
    """The backend in the state document, under its key `home`."""
    return str(document.get("home") or "embedded")


def servers_of(instance: Instance, backend: str) -> Servers:
    """The servers of that backend."""
    return ComposeServers(instance=instance) if backend == "compose" else EmbeddedServers(instance=instance)
