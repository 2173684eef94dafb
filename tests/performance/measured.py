"""The instance that a script measures: a running one, or a new one that ends with the script."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.instance import Instance

ROOT = Path(__file__).parents[2]


@contextmanager
def measured_instance(instance: str | None, *options: str) -> Iterator[Instance]:
    """The running instance of that name; without a name a new one, started by `mtd up --no-seed` with the options."""
    name = instance or f"measured-{os.getpid()}"
    measured = Instance.from_env(os.environ | {"MTD_INSTANCE": name}, ROOT)
    if instance is not None:
        yield measured
        return
    try:
        # Figures are compared with each other, so the backend is always the same unless HOME_KIND is set.
        mtd(name, "up", "--home", os.environ.get("HOME_KIND") or "embedded", "--no-seed", *options)
        yield measured
    finally:
        mtd(name, "down", "--wipe")


def mtd(instance: str, *words: str) -> None:
    """Runs the command on that instance. Raises SystemExit with its output when it failed."""
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [sys.executable, "-m", "devenv", *words],
            cwd=ROOT,
            env=os.environ | {"MTD_INSTANCE": instance},
            stdout=output,
            stderr=output,
            check=False,
        )
        if done.returncode:
            output.seek(0)
            raise SystemExit(output.read())
