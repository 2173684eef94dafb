"""The background watch as a supervised process."""

import sys
from pathlib import Path

from devenv.instance import Instance
from devenv.processes.request import ProcessRequest
from devenv.processes.supervision import clean_environment


def request(instance: Instance) -> ProcessRequest:
    return ProcessRequest(
        name="watch",
        argv=(sys.executable, "-m", "devenv", "watch"),
        environment=clean_environment(instance),
        folder=str(instance.project),
        log=str(instance.logs / "watch.log"),
    )


def marker(instance: Instance) -> Path:
    """The file that the watch writes once it sees every saved file."""
    return instance.folder / "watching"
