"""list the orders that will be late, or acknowledge a warning"""

import argparse
import getpass

from devenv.console.screen import console, json_flag, print_json, table, tenant_flag
from devenv.instance import Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="also acknowledged and ended warnings")
    parser.add_argument("--seen", type=int, metavar="NUMBER", help="acknowledge the warning of that number")
    parser.add_argument(
        "--person", default=getpass.getuser(), help="the person who acknowledges (default: the user of this machine)"
    )
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    api = Running.of(instance).orders_api(arguments.tenant)
    if arguments.seen is not None:
        api.call("POST", f"/warnings/{arguments.seen}/acknowledge", body={"person": arguments.person})
    rows, after = [], None
    while True:
        page = api.call("GET", "/warnings", {"all": "true" if arguments.all else None, "after": after})
        rows += page["warnings"]
        if page["next"] is None:
            break
        after = str(page["next"])
    if arguments.json:
        print_json(rows)
    elif rows:
        columns = ("Warning", "Order", "What", "State", "Due", "Predicted", "Seen by")
        cells = (
            [
                row["warning_id"],
                row["number"],
                row["kind"],
                row["state"],
                row["due_at"][:16],
                row["predicted_at"][:16],
                row["acknowledged_by"] or "",
            ]
            for row in rows
        )
        console().print(table(columns, cells, right=("Warning",)))
    else:
        console().print("No order on its way is expected to be late.")
    return 0
