"""stop the instance's processes; PostgreSQL's data stays"""

import argparse

from devenv.backends.stopping import stop, wipe
from devenv.console.screen import console
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wipe", action="store_true", help="remove all data of the instance, its database included")
    parser.add_argument("--all", action="store_true", help="every instance of this clone")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    names = [instance.name]
    if arguments.all:
        names = sorted(path.parent.name for path in instance.base.glob("*/state.json"))
    for name in names:
        one = Instance(name=name, project=instance.project, environ={**instance.environ, "MTD_INSTANCE": name})
        message = f"Instance '{name}' {'is stopped' if stop(one, keep=not arguments.wipe) else 'did not run'}"
        if arguments.wipe:
            wipe(one)
            message += "; all its data is removed, its database included"
        elif (one.folder / "secrets.json").exists():
            message += "; its database, queues and inbox are kept"
        console().print(f"{message}.", highlight=False)
    return 0
