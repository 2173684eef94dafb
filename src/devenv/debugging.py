"""Runs a function of the running instance under debugpy until the caller ends it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from devenv.backends.choice import recorded_backend, servers_of
from devenv.instance import ENVIRONMENT, Instance
from devenv.ports import FAMILIAR, HOST
from devenv.problem import Problem
from devenv.running import Running


@contextmanager
def debugged(running: Running, function: str, *, wait: bool) -> Iterator[bool]:
    """Starts the function's next processes under debugpy; with `wait` each waits for an IDE. Yields True when a process
    starts at once, because the function has run before. Ends the debugging on exit. Raises Problem."""
    _ensure_known(running.instance, function)
    debugger = servers_of(running.instance, recorded_backend(running.document)).debugger()
    body = {
        "function": f"mtd-{ENVIRONMENT}-{function}",
        "folder": debugger.folder,
        "host": debugger.host,
        "port": port_of(running),
        "wait": wait,
    }
    answer = _call(running, "POST", body)
    try:
        yield bool(answer["starts"])
    finally:
        with suppress(Problem):
            _call(running, "DELETE")


def port_of(running: Running) -> int:
    """The loopback port to which the IDE attaches."""
    return int(running.document["ports"].get("debugger", FAMILIAR["debugger"]))


def address(running: Running) -> str:
    return f"{HOST}:{port_of(running)}"


def _ensure_known(instance: Instance, function: str) -> None:
    folders = sorted(path.parent.name for path in (instance.project / "src" / "lambdas").glob("*/handler.py"))
    if function not in folders:
        raise Problem(f"No function is named '{function}'.", fix=f"There are: {', '.join(folders)}.", code=2)


def _call(running: Running, method: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{running.endpoint}/_mtd/debug",
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Problem(
            f"LocalStack did not accept the request to debug ({error}).",
            fix=f"Restart it: {running.instance.command('make down')}, then make up.",
        ) from error
