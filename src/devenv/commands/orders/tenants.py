"""list the tenants; add one, or give one another name"""

import argparse

from devenv.console.screen import console, json_flag, print_json, table
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("add",), help="what to do; nothing lists them")
    parser.add_argument("code", nargs="?", help="letters, digits and hyphens: its files lie in orders/CODE/")
    parser.add_argument("name", nargs="?", help="what people see")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    if arguments.action and not (arguments.code and arguments.name):
        raise Problem("A tenant has a code and a name.", fix="As in: mtd tenants add andes 'Andes SpA'", code=2)
    api = Running.of(instance).orders_api()
    if arguments.action:
        added = api.add_tenant(arguments.code, arguments.name)
        if not arguments.json:
            print(f"{added['name']} takes orders in orders/{added['code']}/.")
            print("Its first administrator is made by one of the house's, on the portal's page of people.")
            return 0
    rows = api.tenants()
    if arguments.json:
        print_json(rows)
    else:
        shown = ([row["code"], row["name"], str(row["created_at"])[:19]] for row in rows)
        console().print(table(("Tenant", "Name", "Since"), shown))
    return 0
