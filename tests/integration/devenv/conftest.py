"""An instance of its own in a temporary folder, and its supervisor, gone when the test is over."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv.backends.stopping import stop, wipe
from devenv.instance import PROJECT, Instance
from devenv.processes.supervision import Supervision


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    environ = {"PATH": os.environ["PATH"], "MTD_HOME": str(tmp_path), "MTD_INSTANCE": "probe"}
    made = Instance.from_env(environ, PROJECT)
    yield made
    stop(made, keep=False)
    wipe(made)


@pytest.fixture
def supervision(instance: Instance) -> Iterator[Supervision]:
    made = Supervision(instance)
    made.ensure()
    yield made
    made.end()


def until(ask: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether `ask` came true in time."""
    deadline = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True
