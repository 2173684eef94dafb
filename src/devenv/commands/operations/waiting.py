"""list the orders in the waiting queue, or push them back"""

import argparse

from devenv.console.screen import console, json_flag, print_json, table, tenant_flag
from devenv.instance import Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--push", nargs="*", metavar="NUMBER", help="push these orders back to the queue `orders`, or all"
    )
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    api = Running.of(instance).orders_api(arguments.tenant)
    if arguments.push is not None:
        pushed = api.push_waiting(arguments.push or None)
        if arguments.json:
            print_json(pushed)
        else:
            print(f"{len(pushed)} pushed" + (": " if pushed else ".") + ", ".join(str(item) for item in pushed))
        return 0
    rows = api.waiting()
    if arguments.json:
        print_json(rows)
    elif rows:
        names = ("number", "seller", "since", "receives", "reason")
        console().print(
            table([name.capitalize() for name in names], ([row.get(name) for name in names] for row in rows))
        )
    else:
        console().print("Nothing waits.")
    return 0
