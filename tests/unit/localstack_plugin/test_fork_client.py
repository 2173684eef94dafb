"""The fork server itself, with this interpreter and without awslambdaric."""

import os
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mtd_localstack.executor.fork_client import ForkServer, ForkServerError, ForkServers, Started

RUNTIME = """
def main(arguments):
    import os, sys
    print("ran", arguments[1], os.environ["MINE"], os.getcwd(), "preloaded" if "simplejson" in sys.modules else "")
    sys.exit(int(os.environ["STATUS"]))
"""


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A folder whose awslambdaric just tells what it was started with, and with a package that is preloaded."""
    (tmp_path / "layer" / "awslambdaric").mkdir(parents=True)
    (tmp_path / "layer" / "awslambdaric" / "__init__.py").touch()
    (tmp_path / "layer" / "awslambdaric" / "__main__.py").write_text(RUNTIME)
    (tmp_path / "layer" / "simplejson.py").touch()
    return tmp_path / "layer"


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[ForkServers]:
    """Fork servers of this interpreter."""
    made = ForkServers(Path(sys.executable), tmp_path / "work", fork=True)
    yield made
    made.stop()


def start(server: ForkServer, layer: Path, status: int = 0) -> tuple[Started, str, int]:
    """Run the function to its end: the process, its output, and how it ended."""
    output, log_fd = os.pipe()
    spec: dict[str, Any] = {
        "env": {"_HANDLER": "any.handler", "MINE": "ñ", "STATUS": str(status), "TZ": ":UTC"},
        "task_root": str(layer),
        "path": [str(layer)],
        "pycache": str(layer.parent / "pycache"),
    }
    started = server.start(spec, log_fd)
    os.close(log_fd)
    with os.fdopen(output, encoding="utf-8") as file:
        text = file.read()
    select.select([started.pidfd], [], [])
    os.close(started.pidfd)
    return started, text.strip(), server.wait(started.pid)


def test_a_process_has_its_environment_folder_and_preloaded_modules(servers: ForkServers, layer: Path) -> None:
    _, text, status = start(servers.get((str(layer),)), layer, 3)
    assert text == f"ran any.handler ñ {layer} preloaded"
    assert status == 3


def test_the_same_layers_share_a_server_and_others_do_not(servers: ForkServers, layer: Path) -> None:
    server = servers.get((str(layer),))
    assert servers.get((str(layer),)) is server
    assert servers.get(()) is not server


def test_a_dead_server_is_reported_and_replaced(servers: ForkServers, layer: Path) -> None:
    server = servers.get((str(layer),))
    start(server, layer)
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(ForkServerError, match=r"fork-server\.log"):
        start(server, layer)
    _, text, _ = start(servers.get((str(layer),)), layer)
    assert text.startswith("ran")


def test_a_server_that_is_dropped_ends(servers: ForkServers, layer: Path) -> None:
    server = servers.get((str(layer),))
    start(server, layer)
    servers.drop((str(layer),))
    assert not server.alive()
