"""erase a person's data from their orders and rejected files, in database, inbox and archive"""

import argparse
import getpass
import sys
from collections.abc import Iterator

from devenv.console.screen import json_flag, print_json
from devenv.instance import Instance
from devenv.orders.orders_client import OrdersClient, Row
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--person", required=True, metavar="RUT|MAIL", help="the person's RUT or mail address, which is not kept"
    )
    parser.add_argument("--reason", required=True, help="the reason, such as the number of the request, which is kept")
    parser.add_argument(
        "--by", default=getpass.getuser(), help="the person who does it (default: the user of this machine)"
    )
    parser.add_argument(
        "--everyone", action="store_true", help="erase a mail address of several people for all of them"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask, on a terminal")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    api = Running.of(instance).orders_api()
    body: Row = {
        "whom": arguments.person,
        "person": arguments.by,
        "reason": arguments.reason,
        "everyone": arguments.everyone,
    }
    if sys.stdin.isatty() and not arguments.yes and not _confirmed(api, body):
        print("Nothing was erased.")
        return 1
    erased = _from_orders(api, body) | {"files": 0}
    for page in _pages_of_rejected(api, body):
        erased["files"] += page["files"]
        erased["objects"] += page["objects"]
    if not erased["orders"] and not erased["files"]:
        raise Problem("No order and no rejected file names this person (person_unknown).")
    if arguments.json:
        print_json(erased)
    else:
        print(
            f"Erased from {erased['orders']} orders and {erased['files']} rejected files; "
            f"{erased['objects']} objects of S3 are gone."
        )
    return 0


def _from_orders(api: OrdersClient, body: Row) -> dict[str, int]:
    """Erases from the person's orders, a hundred at a time; none may be theirs."""
    erased = {"orders": 0, "objects": 0}
    more = True
    while more:
        page = api.call("POST", "/erasures", body=body, missing_is_none=True)
        if page is None:
            break
        erased = {name: count + page[name] for name, count in erased.items()}
        more = page["more"]
    return erased


def _pages_of_rejected(api: OrdersClient, body: Row) -> Iterator[Row]:
    """The results for the rejected files, page by page."""
    after: int | None = 0
    while after is not None:
        page = api.call("POST", "/erasures", body=body | {"rejected_after": after})
        yield page
        after = page["next"]


def _confirmed(api: OrdersClient, body: Row) -> bool:
    """Shows the people whose data the erasure removes for good, and asks for a confirmation."""
    trial = body | {"preview": True}
    preview = api.call("POST", "/erasures", body=trial, missing_is_none=True) or {"people": [], "more": False}
    for each in preview["people"]:
        print(f"{each['id']}  {each['name']}  {len(each['orders'])} orders: {', '.join(each['orders'][:5])}")
    if preview["more"]:
        print("… and more orders than the first 100.")
    print(f"Rejected files that name them: {sum(page['files'] for page in _pages_of_rejected(api, trial))}.")
    return input("Erase these people's data for good? [y/N] ").strip().lower() == "y"
