"""list the tenants, add one, or rename one"""

import argparse

from devenv.console.screen import console, json_flag, print_json, table
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("add",), help="add or rename a tenant (default: list them)")
    parser.add_argument("code", nargs="?", help="letters, digits and hyphens; the tenant's files go into orders/CODE/")
    parser.add_argument("name", nargs="?", help="the name that people see")
    parser.add_argument("--zone", help="its time zone, such as America/Lima (default: America/Santiago)")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    if arguments.action and not (arguments.code and arguments.name):
        raise Problem("A tenant has a code and a name.", fix="As in: mtd tenants add andes 'Andes SpA'", code=2)
    api = Running.of(instance).orders_api()
    if arguments.action:
        added = api.add_tenant(arguments.code, arguments.name, arguments.zone)
        if not arguments.json:
            print(f"{added['name']} takes orders in orders/{added['code']}/.")
            print(
                "An administrator of the platform tenant adds its first administrator on the portal's page of people."
            )
            return 0
    rows = api.tenants()
    if arguments.json:
        print_json(rows)
    else:
        shown = ([row["code"], row["name"], row["zone"], str(row["created_at"])[:19]] for row in rows)
        console().print(table(("Tenant", "Name", "Time zone", "Since"), shown))
    return 0
