"""erase a person's data from their orders, in database, inbox and archive"""

import argparse
import getpass

from devenv.console.screen import json_flag, print_json
from devenv.instance import Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--person", required=True, metavar="RUT|MAIL", help="the person's RUT or mail address, which is not kept"
    )
    parser.add_argument("--reason", required=True, help="the reason, such as the number of the request, which is kept")
    parser.add_argument(
        "--by", default=getpass.getuser(), help="the person who does it (default: the user of this machine)"
    )
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    api = Running.of(instance).orders_api()
    body = {"whom": arguments.person, "person": arguments.by, "reason": arguments.reason}
    erased = {"orders": 0, "objects": 0}
    more = True
    while more:
        page = api.call("POST", "/erasures", body=body)
        erased = {name: count + page[name] for name, count in erased.items()}
        more = page["more"]
    if arguments.json:
        print_json(erased)
    else:
        print(f"Erased from {erased['orders']} orders; {erased['objects']} objects of S3 are gone.")
    return 0
