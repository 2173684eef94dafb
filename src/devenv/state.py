"""state.json: the ports, endpoint, stack and processes of an instance."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from devenv.instance import Instance
from devenv.problem import Problem
from devenv.processes.identity import ProcessIdentity

VERSION = 1
Document = dict[str, Any]


class StateFile:
    """Reads and writes the file. A writer takes a lock and replaces the whole file, so readers see complete files
    only."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._path = instance.folder / "state.json"

    def read(self) -> Document:
        """The document, empty when there is no file. Raises Problem when the file cannot be read or is not a state
        file."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (ValueError, OSError) as error:
            raise self._corrupt(str(error)) from error
        if not isinstance(document, dict) or document.get("version") != VERSION:
            raise self._corrupt(f"no version {VERSION} in it")
        for key in ("ports", "pids", "deaths", "outputs"):
            if not isinstance(document.get(key, {}), dict):
                raise self._corrupt(f"'{key}' is not an object")
        return document

    def update(self, change: Callable[[Document], None]) -> Document:
        """Applies `change` to the document under the lock, writes it, returns it."""
        with self._locked():
            document = self.read() or {"version": VERSION, "instance": self._instance.name}
            change(document)
            write_json(self._path, document, mode=0o644)
            return document

    def merge(self, **values: Any) -> Document:
        return self.update(lambda document: document.update(values))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_suffix(".lock"), timeout=20):
            yield

    def _corrupt(self, why: str) -> Problem:
        return Problem(
            f"The state of instance '{self._instance.name}' is corrupt ({self._path}: {why}).",
            fix=f"Run '{self._instance.command('make down')}' and then '{self._instance.command('make up')}': "
            "'down' also renames the broken file; PostgreSQL's data stays.",
        )


def identities(document: Document) -> dict[str, ProcessIdentity]:
    """The recorded processes by name."""
    found = {name: ProcessIdentity.from_json(value) for name, value in document.get("pids", {}).items()}
    return {name: identity for name, identity in found.items() if identity is not None}


def running(document: Document, name: str) -> bool:
    """Whether the recorded process of that name is alive."""
    identity = identities(document).get(name)
    return identity is not None and identity.alive()


def write_json(path: Path, value: Any, *, mode: int) -> None:
    """Writes atomically: after a crash or on a full disk the old file is still complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1, sort_keys=True)
            file.write("\n")
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
