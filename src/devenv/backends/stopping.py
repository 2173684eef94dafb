"""Stops an instance and removes its files."""

import shutil

from devenv.backends.compose import ComposeServers
from devenv.backends.embedded import EmbeddedServers
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.state import Document, StateFile


def stop(instance: Instance) -> bool:
    """Stops the instance's own processes and containers; True when there were any. A corrupt state file is renamed.

    Raises Problem when its containers cannot be stopped."""
    state = StateFile(instance)
    document = _read(state)
    # The supervisor owns the watch on every backend.
    stopped = EmbeddedServers(instance=instance).stop()
    path = instance.folder / "state.json"
    if document is None:
        path.replace(path.with_suffix(".corrupt.json"))
    elif document:
        state.update(_forget)
    if document is None or document.get("home") == "compose":
        stopped = ComposeServers(instance=instance).stop() or stopped
    return stopped


def wipe(instance: Instance) -> None:
    """Removes everything of a stopped instance, its databases too, wherever they lie. Raises Problem."""
    for servers in (ComposeServers(instance=instance), EmbeddedServers(instance=instance)):
        servers.wipe()
    shutil.rmtree(instance.folder, ignore_errors=True)


def _read(state: StateFile) -> Document | None:
    try:
        return state.read()
    except Problem:
        return None


def _forget(document: Document) -> None:
    """LocalStack has lost the stack; state.json keeps the ports."""
    for name in ("fingerprint", "outputs", "api_url", "deployed_at"):
        document.pop(name, None)
    document.update(pids={}, deaths={})
