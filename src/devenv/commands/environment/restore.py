"""restore a backup into an instance without orders, and compare every row and object"""

import argparse
from pathlib import Path

from devenv.backup.file import load
from devenv.console.screen import console, json_flag, print_json, table
from devenv.instance import Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a file of 'mtd backup'")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """Returns 1 when a table or bucket differs; the instance then keeps its own database."""
    restored = load(Running.of(instance), arguments.file)
    if arguments.json:
        rows = [
            {"name": n, "before": before, "after": after, "equal": equal} for n, before, after, equal in restored.rows
        ]
        print_json({"made_at": restored.made_at, "equal": restored.equal, "content": rows})
    else:
        rows_ = [
            (name, before, after, "equal" if equal else "DIFFERENT") for name, before, after, equal in restored.rows
        ]
        console().print(table(("Table", "In the backup", "Restored", ""), rows_, right=("In the backup", "Restored")))
        print(
            f"\nRestored as of {restored.made_at}: every row and object is equal."
            if restored.equal
            else "\nNot restored: the marked tables differ. The instance keeps its own database."
        )
    return 0 if restored.equal else 1
