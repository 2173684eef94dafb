"""stop the instance's own processes; PostgreSQL's data stays"""

import argparse
import shutil
from pathlib import Path

from devenv.instance import Instance
from devenv.problem import Problem
from devenv.screen import console
from devenv.state import Document, StateFile
from devenv.supervision import Supervision


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wipe", action="store_true", help="remove everything of the instance, its database too")
    parser.add_argument("--all", action="store_true", help="every instance of this clone")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    names = [instance.name]
    if arguments.all:
        names = sorted(path.parent.name for path in instance.base.glob("*/state.json"))
    for name in names:
        one = Instance(name=name, project=instance.project, environ={**instance.environ, "MTD_INSTANCE": name})
        console().print(_down(one, wipe=arguments.wipe), highlight=False)
    return 0


def _down(instance: Instance, *, wipe: bool) -> str:
    state = StateFile(instance)
    document: Document = {}
    broken = False
    try:
        document = state.read()
    except Problem:
        broken = True
    stopped = Supervision(instance).end()
    path = instance.folder / "state.json"
    if broken and path.exists():
        path.replace(path.with_suffix(".corrupt.json"))
    elif document:
        # What was deployed went with LocalStack; the ports are remembered.
        state.update(lambda kept: _forget(kept))
    told = f"Instance '{instance.name}' {'is stopped' if stopped else 'did not run'}"
    if not wipe:
        return f"{told}; its database is kept." if (instance.folder / "secrets.json").exists() else f"{told}."
    elsewhere = Path(str(document.get("postgres", {}).get("data", instance.folder))).parent
    if not elsewhere.is_relative_to(instance.folder) and elsewhere.name.startswith(f"mtd-{instance.name}-"):
        shutil.rmtree(elsewhere, ignore_errors=True)
    shutil.rmtree(instance.folder, ignore_errors=True)
    return f"{told}; all of it is removed, its database too."


def _forget(document: Document) -> None:
    for name in ("fingerprint", "outputs", "api_url", "deployed_at"):
        document.pop(name, None)
    document.update(pids={}, deaths={})
