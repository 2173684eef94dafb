"""put the seed orders, or generated ones"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from devenv.console.words import whole_number
from devenv.instance import Instance
from devenv.orders import seeds
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--orders", type=whole_number, metavar="N", help="generate and put N orders")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    running = Running.of(instance)
    if arguments.orders is None:
        count = len(seeds.put(running, sorted((instance.project / "seed" / "orders").glob("*.xml"))))
    else:
        with tempfile.TemporaryDirectory(prefix="mtd-seed-") as folder:
            count = len(seeds.put(running, generate(instance.project, arguments.orders, Path(folder))))
    print(f"{count} orders put; 'mtd orders' lists them.")
    return 0


def generate(project: Path, orders: int, folder: Path) -> list[Path]:
    """Calls seed/generate.py; the files it wrote. Raises Problem when it fails."""
    program = project / "seed" / "generate.py"
    ended = subprocess.run(
        [sys.executable, program, "--orders", str(orders), "--out", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Problem(f"{program} failed: {reason}", fix="Run the program by hand and read its output.")
    return sorted(folder.rglob("*.xml"))
