"""Ending an instance, and removing what it leaves on the disk."""

import shutil

from devenv.instance import Instance
from devenv.postgres import remove_data
from devenv.problem import Problem
from devenv.state import Document, StateFile
from devenv.supervision import Supervision


def stop(instance: Instance) -> bool:
    """Ends the instance's own processes; whether there were any. A corrupt state is set aside."""
    state = StateFile(instance)
    document = _read(state)
    stopped = Supervision(instance).end()
    path = instance.folder / "state.json"
    if document is None:
        path.replace(path.with_suffix(".corrupt.json"))
    elif document:
        state.update(_forget)
    return stopped


def wipe(instance: Instance) -> None:
    """Removes everything of a stopped instance, its database too, wherever that lies."""
    remove_data(instance)
    shutil.rmtree(instance.folder, ignore_errors=True)


def _read(state: StateFile) -> Document | None:
    try:
        return state.read()
    except Problem:
        return None


def _forget(document: Document) -> None:
    """What was deployed went with LocalStack; the ports are remembered."""
    for name in ("fingerprint", "outputs", "api_url", "deployed_at"):
        document.pop(name, None)
    document.update(pids={}, deaths={})
