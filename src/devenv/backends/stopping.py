"""Stops an instance and removes its files."""

import shutil

from botocore.exceptions import BotoCoreError, ClientError

from devenv.aws import Clients
from devenv.backends.compose import ComposeServers
from devenv.backends.embedded import EmbeddedServers
from devenv.backends.emulator import answers
from devenv.backup.emulator_state import EmulatorState
from devenv.console.screen import console
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.state import Document, StateFile


def stop(instance: Instance, *, keep: bool = True) -> bool:
    """Stops the instance's own processes and containers; True when there were any. A corrupt state file is renamed.

    Messages and objects come back with the next start, unless `keep` is false. Raises Problem when its containers
    cannot be stopped."""
    state = StateFile(instance)
    document = _read(state)
    if keep and document and document.get("fingerprint") and document.get("endpoint"):
        _save(instance, str(document["endpoint"]))
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


def _save(instance: Instance, endpoint: str) -> None:
    """Saves messages and objects. A system that cannot be asked is stopped all the same."""
    if not answers(f"{endpoint}/_localstack/health"):
        return
    try:
        EmulatorState(instance).save(Clients(endpoint))
    except (Problem, BotoCoreError, ClientError, OSError) as error:
        console().print(f"Messages and objects of instance '{instance.name}' are lost: {error}", highlight=False)


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
