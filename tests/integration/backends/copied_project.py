"""An instance of a copy of the project, so that a test may edit its files, break it and stop it as a person would."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sysconfig
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from devenv.backends import tool_environments
from devenv.backends.choice import servers_of
from devenv.backends.compose import ComposeServers
from devenv.backends.servers import ServerStatus
from devenv.backends.stopping import stop, wipe
from devenv.instance import PROJECT, Instance
from devenv.ports import FIRST_CHOICE
from devenv.state import StateFile, identities, running
from tests.integration.system import System

PROCESSES = ("supervisor", "postgres", "localstack", "simulator", "portal", "watch")
_COMMAND_SECONDS = 240


class CopiedProject:
    """The copy lies in `folder`; its environments are the project's own, so nothing is installed."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.kind = kind
        self.project = folder / "project"
        self.base = folder / "mtd"
        _copy_project(self.project)
        _make_python(self.project / ".venv", self.project)
        unwanted = ("MTD_", "PYTEST_", "PYTHONPATH", "VIRTUAL_ENV", "HOME_KIND")
        self._environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(unwanted) or name == "MTD_PG_BINDIR"
        } | {"MTD_HOME": str(self.base), "MTD_INSTANCE": "home", "HOME_KIND": kind}
        self.instance = Instance.from_env(self._environ, self.project)
        _lend_packages(self.instance)
        if kind == "embedded":
            _lend_environments(self.instance)

    # As a person

    def mtd(self, *words: str, code: int = 0) -> str:
        """Runs `mtd` and returns the output of both streams; fails unless it ends with `code`."""
        with (self.base / "printed").open("w+") as output:
            # A file, not a pipe: what runs on in the background must not hold up the reader.
            ended = subprocess.run(
                [self.project / ".venv" / "bin" / "python", "-m", "devenv", *words],
                cwd=self.project,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
            output.seek(0)
            printed = output.read()
        assert ended.returncode == code, f"mtd {' '.join(words)} ended with {ended.returncode}:\n{printed}"
        return printed

    def listing(self, *words: str) -> Any:
        """The JSON that a listing prints."""
        return json.loads(self.mtd(*words, "--json"))

    def save(self, name: str, old: str, new: str) -> None:
        """Replaces `old` in a file of the project as editors do: a new file takes the name."""
        path = self.project / name
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{name} does not hold this once: {old!r}"
        temporary = path.with_name(f".{path.name}.saving")
        temporary.write_text(text.replace(old, new), "utf-8")
        temporary.replace(path)

    @contextlib.contextmanager
    def saved(self, name: str, old: str, new: str) -> Iterator[None]:
        """The file is so while the block runs, and saved as it was afterwards."""
        self.save(name, old, new)
        try:
            yield
        finally:
            self.save(name, new, old)

    # State

    def state(self) -> dict[str, Any]:
        """The state document."""
        return StateFile(self.instance).read()

    def system(self) -> System:
        """The running system, with the outputs of the stack that stands now."""
        return System(self.state())

    def runs(self) -> bool:
        """Whether every process does and a stack stands."""
        return all(self.observed(name).runs for name in PROCESSES) and bool(self.state().get("fingerprint"))

    def watched(self) -> str:
        """The log of the watch, for a failure's message."""
        return (self.instance.logs / "watch.log").read_text("utf-8")

    def observed(self, name: str) -> ServerStatus:
        """One of the instance's processes or containers."""
        if name in (*FIRST_CHOICE, "portal"):
            return servers_of(self.instance, self.kind).observed()[name]
        identity = identities(self.state()).get(name)
        return ServerStatus(runs=running(self.state(), name), identity=str(identity))

    def kill(self, name: str) -> None:
        """Ends a server as a crash would."""
        if self.kind == "compose":
            self._compose("kill", name)
        else:
            os.kill(int(self.observed(name).identity), signal.SIGKILL)

    def function_processes(self) -> dict[str, set[int]]:
        """Process ids by function."""
        found: dict[str, set[int]] = {}
        with urllib.request.urlopen(f"{self.state()['endpoint']}/_mtd/environments", timeout=30) as answer:
            for environment in json.load(answer):
                if environment["pid"]:
                    found.setdefault(environment["function"].removeprefix("mtd-local-"), set()).add(environment["pid"])
        return found

    def own_processes(self) -> list[str]:
        """Every container of the instance, and every process of this machine that has to do with it: runs in it, was
        started for it, or names it."""
        found = self._compose("ps", "--all", "--quiet") if self.kind == "compose" else []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                mentions = [process.cwd(), *process.cmdline(), *process.environ().values()]
                ours = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
                if ours and any(str(self.base.parent) in text for text in mentions):
                    found.append(f"{process.pid} {' '.join(process.cmdline())}")
        return found

    def _compose(self, *words: str) -> list[str]:
        command = ComposeServers(instance=self.instance).command(*words)
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    def remove(self) -> None:
        """Stops and wipes the instance, however broken it is."""
        stop(self.instance, keep=False)
        wipe(self.instance)


def _copy_project(target: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = PROJECT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)


def _make_python(folder: Path, project: Path) -> None:
    """The copy's .venv: its own sources first, then the packages that this test runs with.

    A path in a .pth file does not bring the .pth files of that folder: the original's sources stay out."""
    venv.create(folder, symlinks=True, with_pip=False)
    for program in ("uv", "docker-compose"):
        (folder / "bin" / program).symlink_to(Path(sysconfig.get_path("scripts")) / program)
    scheme = sysconfig.get_preferred_scheme("prefix")
    libraries = Path(sysconfig.get_path("purelib", scheme, {"base": str(folder), "platbase": str(folder)}))
    paths = [project / "src", project / "src" / "shared", sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    (libraries / "copied.pth").write_text("".join(f"{path}\n" for path in dict.fromkeys(map(str, paths))), "utf-8")


def _lend_environments(instance: Instance) -> None:
    """Puts the project's built environments in the places where the copy looks for its own."""
    built = Instance.from_env(os.environ, PROJECT)
    tool_environments.ensure(built)
    instance.venvs.mkdir(parents=True)
    for ours, theirs in zip(tool_environments.recipes(instance), tool_environments.recipes(built), strict=True):
        ours.folder(instance.venvs).symlink_to(theirs.folder(built.venvs))


def _lend_packages(instance: Instance) -> None:
    """As much for the layer's packages."""
    packages = Instance.from_env(os.environ, PROJECT).build / "third-party"
    packages.mkdir(parents=True, exist_ok=True)
    instance.build.mkdir(parents=True)
    (instance.build / "third-party").symlink_to(packages)
