"""put order files into the inbox"""

import argparse
from pathlib import Path

from devenv.console.screen import json_flag, print_json, tenant_flag
from devenv.instance import Instance
from devenv.orders import seeds
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--wait", action="store_true", help="wait until the orders have ended")
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    absent = [path for path in arguments.files if not path.is_file()]
    if absent:
        raise Problem(f"The file {absent[0]} does not exist.", fix="Check the path.")
    running = Running.of(instance)
    keys = seeds.put(running, arguments.files, arguments.tenant)
    if arguments.json:
        print_json([{"bucket": running.output("InboxBucket"), "key": key} for key in keys])
    else:
        for key in keys:
            print(f"s3://{running.output('InboxBucket')}/{key}")
    if not arguments.wait:
        return 0
    numbers = {number for path in arguments.files if (number := seeds.order_number(path))}
    _, missing = seeds.wait_until_ended(running.orders_api(arguments.tenant), numbers, seconds=120)
    if missing:
        raise Problem(f"{', '.join(sorted(missing))} did not end within 120 s.", fix="Read 'mtd order NUMBER'.")
    return 0
