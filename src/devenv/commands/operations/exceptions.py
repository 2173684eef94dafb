"""list the orders that need a person, by cause: incidents, waiting orders, conflicting numbers"""

import argparse

from devenv.console.screen import console, json_flag, print_json, table, tenant_flag
from devenv.instance import Instance
from devenv.running import Running

FIELDS = tuple("source fingerprint state kind code message orders tries first last numbers".split())


def arguments(parser: argparse.ArgumentParser) -> None:
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    rows = Running.of(instance).orders_api(arguments.tenant).exceptions()
    if arguments.json:
        print_json([{name: row.get(name) for name in FIELDS} for row in rows])
    elif rows:
        columns = ("Fingerprint", "Orders", "State", "Kind", "Code", "Message", "Last", "Latest")
        console().print(
            table(
                columns,
                (
                    [
                        row["fingerprint"],
                        row["orders"],
                        row["state"],
                        row["kind"],
                        row["code"],
                        row["message"],
                        str(row["last"])[:19],
                        " ".join(row["numbers"][:3]),
                    ]
                    for row in rows
                ),
                right=("Orders",),
            )
        )
        console().print(
            "\n'mtd operate retry --fingerprint F --reason …' retries a cause; 'mtd waiting --push' the waiting orders."
        )
    else:
        console().print("No exceptions.")
    return 0
