"""Requests to the supervisor: one JSON file for each process, in the instance's folder `run`."""

import json
import signal
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from devenv.state import write_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRequest:
    """A process to run. A new `ticket` restarts a process of that name that runs.

    `uid`/`gid` of None keep the supervisor's user. `death_signal` is what the kernel sends when the supervisor dies,
    `stop_signal` is what a stop sends, and SIGKILL follows after `stop_seconds`."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str
    log: str
    uid: int | None = None
    gid: int | None = None
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    stop_seconds: float = 5.0
    ticket: str = field(default_factory=lambda: uuid.uuid4().hex)

    def write(self, requests: Path) -> None:
        write_json(requests / f"{self.name}.json", asdict(self), mode=0o600)

    @classmethod
    def read(cls, path: Path) -> "ProcessRequest":
        values = json.loads(path.read_text(encoding="utf-8"))
        values["argv"] = tuple(values["argv"])
        return cls(**values)


def read_all(requests: Path) -> dict[str, ProcessRequest]:
    """All requests by name; other files are ignored."""
    found: dict[str, ProcessRequest] = {}
    for path in sorted(requests.glob("[!.]*.json")):
        try:
            request = ProcessRequest.read(path)
        except (OSError, ValueError, TypeError, KeyError):
            continue
        found[request.name] = request
    return found
