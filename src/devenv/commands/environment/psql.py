"""open psql on the instance's database; it takes all further arguments"""

import argparse
import os
from pathlib import Path

from devenv.backends.postgres import DATABASE, ROLE, find_programs
from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import HOST
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="passed on, e.g. -c 'SELECT 1'")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    running = Running.of(instance)
    program: Path = find_programs(instance) / "psql"
    if not program.exists():
        raise Problem(f"There is no psql in {program.parent}.", fix="Unset MTD_PG_BINDIR, or install the client.")
    passed = [word for word in arguments.arguments if word != "--"]
    environment = dict(instance.environ) | {
        "PGHOST": HOST,
        "PGPORT": str(running.document["ports"]["postgres"]),
        "PGUSER": ROLE,
        "PGDATABASE": DATABASE,
        "PGPASSWORD": InstancePasswords.of(instance).application,
    }
    os.execve(program, [str(program), *passed], environment)
