"""list the mails that were sent, the newest first"""

import argparse

from devenv.console.screen import console, json_flag, print_json, table
from devenv.instance import Instance
from devenv.orders.mails import mails
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--order", metavar="NUMBER", help="only the mails of this order")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    rows = mails(Running.of(instance).endpoint)
    if arguments.order:
        rows = [row for row in rows if row["order"] == arguments.order]
    if arguments.json:
        print_json(rows)
    elif rows:
        columns = ("sent_at", "to", "order", "subject")
        console().print(table(("Sent", "To", "Order", "Subject"), ([row[name] for name in columns] for row in rows)))
    else:
        console().print("No mails.")
    return 0
