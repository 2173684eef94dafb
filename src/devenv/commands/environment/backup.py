"""write database and buckets of this instance into one file"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from devenv.backup.file import save
from devenv.console.screen import json_flag, print_json
from devenv.instance import Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: mtd-<instance>-<UTC>.backup, here")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    running = Running.of(instance)
    file = arguments.file or Path(f"mtd-{instance.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.backup")
    found = save(running, file)
    rows = {name: content.rows for name, content in found.items()}
    if arguments.json:
        print_json({"file": str(file), "bytes": file.stat().st_size, "rows": rows})
        return 0
    objects = sum(count for name, count in rows.items() if name.startswith("s3 "))
    counts = f"{sum(rows.values()) - objects} rows of {len(rows) - 2} tables, {objects} objects"
    print(f"{file}: {counts}, {file.stat().st_size} bytes")
    return 0
