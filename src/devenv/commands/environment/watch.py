"""serve saved code at once, and deploy saved templates"""

import argparse
import os
import time
from datetime import datetime

from delivery.deployment.deployment import parameters_name
from devenv.backends.environment import redeploy
from devenv.instance import Instance
from devenv.processes.log_files import follow
from devenv.running import Running
from devenv.state import identities
from devenv.watch import background
from devenv.watch.reloading import Reloading, recycler
from devenv.watch.saved_files import SavedFiles


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    del arguments
    running = Running.of(instance)
    other = identities(running.document).get("watch")
    if other is not None and other.alive() and other.pid != os.getpid():
        print("A watch runs in the background already. Its output:", flush=True)
        follow([instance.logs / "watch.log"], last=10)
        return 0
    project = instance.project
    # The watch starts before the graph is read, so it sees every save.
    changes = SavedFiles([project / "src" / "lambdas", project / "src" / "shared", project / "cloudformation"])
    changes.start()
    try:
        reloading = Reloading(
            project,
            recycler(running.endpoint),
            lambda: redeploy(instance),
            tell,
            parameters=parameters_name(instance),
        )
        background.marker(instance).touch()
        tell("watching src/lambdas, src/shared and cloudformation")
        while True:
            changed = changes.next(seconds=60)
            if changed:
                reloading.handle(changed)
    finally:
        changes.stop()


def tell(line: str) -> None:
    """A line with the time of day."""
    print(f"{datetime.fromtimestamp(time.time()).astimezone():%H:%M:%S} {line}", flush=True)
