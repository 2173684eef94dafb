"""list the orders"""

import argparse

from devenv.console.screen import console, json_flag, order_table, print_json, tenant_flag
from devenv.instance import Instance
from devenv.running import Running

FIELDS = tuple("number state ended reason seller buyer currency total received_at updated_at".split())


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", help="only orders in this state")
    parser.add_argument("--limit", type=int, help="at most N orders, the newest")
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    rows = Running.of(instance).orders_api(arguments.tenant).orders(state=arguments.state, most=arguments.limit)
    if arguments.json:
        print_json([{name: row.get(name) for name in FIELDS} for row in rows])
    elif rows:
        console().print(order_table(rows))
    else:
        console().print("No orders.")
    return 0
