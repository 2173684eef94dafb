"""The virtual environments of the emulator and of the Lambda runtime, each from its own hash-locked file."""

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from devenv.instance import Instance
from devenv.problem import Problem

_COMPLETE = "mtd-complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """An environment from a lock file, and at most one local package on top, installed editable without its pins."""

    name: str
    lock: Path
    package: Path | None = None

    def folder(self, venvs: Path) -> Path:
        """The environment's folder; its name is a hash of the lock file and the Python version."""
        content = [self.lock.read_bytes(), sys.version.encode(), str(sys.base_prefix).encode()]
        if self.package is not None:
            content += [(self.package / "pyproject.toml").read_bytes(), str(self.package).encode()]
        return venvs / f"{self.name}-{hashlib.sha256(b'|'.join(content)).hexdigest()[:12]}"


def recipes(instance: Instance) -> tuple[Recipe, Recipe]:
    """The recipes of the emulator's and of the Lambda runtime's environment."""
    folder = instance.project / "localstack"
    return (
        Recipe(name="emulator", lock=folder / "requirements.txt", package=folder),
        Recipe(name="lambda", lock=folder / "runtime" / "requirements.txt"),
    )


def debugger(instance: Instance) -> Recipe:
    """The recipe of the environment that has debugpy alone, for `mtd debug`."""
    return Recipe(name="debugger", lock=instance.project / "localstack" / "debugger" / "requirements.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEnvironments:
    """The interpreters of the two environments."""

    emulator: Path
    runtime: Path


def ensure(instance: Instance) -> ToolEnvironments:
    """Makes the environments that are missing, side by side. Raises Problem when a package cannot be installed."""
    with ThreadPoolExecutor(2) as pool:
        emulator, runtime = pool.map(lambda recipe: ensure_recipe(recipe, instance), recipes(instance))
    return ToolEnvironments(emulator=emulator, runtime=runtime)


def ensure_recipe(recipe: Recipe, instance: Instance) -> Path:
    """The environment's interpreter; makes the environment if it is missing. Raises Problem when an installation
    fails."""
    place = recipe.folder(instance.venvs)
    python = place / "bin" / "python"
    if (place / _COMPLETE).exists() and python.exists():
        return python
    instance.venvs.mkdir(parents=True, exist_ok=True)
    with FileLock(instance.venvs / f"{place.name}.lock"):
        if (place / _COMPLETE).exists() and python.exists():
            return python
        shutil.rmtree(place, ignore_errors=True)
        base = getattr(sys, "_base_executable", sys.executable)
        uv(recipe.name, "venv", "--python", base, str(place))
        uv(recipe.name, "pip", "sync", "--python", str(python), "--require-hashes", str(recipe.lock))
        if recipe.package is not None:
            uv(
                recipe.name,
                "pip",
                "install",
                "--python",
                str(python),
                "--no-deps",
                "--no-build-isolation",
                "--editable",
                str(recipe.package),
            )
        (place / _COMPLETE).touch()
    return python


def uv(purpose: str, *arguments: str) -> None:
    """Runs the project's uv with uv's certificates, then with the system's. Raises Problem with uv's reason."""
    program = Path(sys.executable).with_name("uv")
    for certificates in ({}, {"UV_SYSTEM_CERTS": "1"}):
        ended = subprocess.run(
            [program, "--quiet", "--no-config", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=_environ() | certificates,
        )
        if ended.returncode == 0:
            return
    output = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    raise Problem(
        f"The packages of '{purpose}' could not be installed: {' '.join(output)[-600:] or 'uv gave no reason'}",
        fix="Check the connection to the package registry and the space on the disk, then run 'make up' again.",
    )


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
