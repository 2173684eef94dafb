"""list the orders"""

import argparse
import re

from devenv.console.screen import console, json_flag, order_table, print_json, tenant_flag
from devenv.console.words import whole_number
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running

_OUTCOMES = frozenset({"completed", "exception", "cancelled", "rejected", "waiting"})
FIELDS = tuple("number state ended reason seller buyer currency total received_at updated_at".split())


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", help="only orders in this state")
    parser.add_argument("--limit", type=whole_number, help="at most N orders, the newest")
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    api = Running.of(instance).orders_api(arguments.tenant)
    rows = api.orders(state=arguments.state, most=arguments.limit)
    if not rows and arguments.state and arguments.state not in (known := _states(instance) | api.by_state().keys()):
        raise Problem(
            f"No order is in the state '{arguments.state}', and no built-in state has that name.",
            fix=f"States are: {', '.join(sorted(known))}, and the steps of your own processes.",
        )
    if arguments.json:
        print_json([{name: row.get(name) for name in FIELDS} for row in rows])
    elif rows:
        console().print(order_table(rows))
    else:
        console().print("No orders.")
    return 0


def _states(instance: Instance) -> set[str]:
    """The outcomes, and the states that functions of the API serve."""
    paths = (instance.project / "cloudformation" / "openapi.yaml").read_text("utf-8")
    return {*_OUTCOMES, *re.findall(r"^  /states/(\w+):", paths, re.MULTILINE)}
