"""verify that no event, seal or archive was changed, or that every order is where people see it"""

import argparse
from typing import Any

from devenv.console.screen import console, json_flag, print_json, table
from devenv.console.words import whole_number
from devenv.instance import Instance
from devenv.orders.orders_client import OrdersClient
from devenv.problem import Problem
from devenv.running import Running

_COUNTS = ("orders", "events", "days", "objects")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("verify", "invariants"))
    parser.add_argument("--order", metavar="NUMBER", help="verify only the events of the orders of that number")
    parser.add_argument(
        "--seconds",
        type=whole_number,
        help="how long an order, mail or message may stand (default: an hour)",
    )
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """Returns 1 when an event was changed, removed or inserted, or an invariant is broken."""
    api = Running.of(instance).orders_api()
    if arguments.action == "invariants":
        broken = api.broken_invariants(arguments.seconds)
        if arguments.json:
            print_json({"broken": broken})
        else:
            _show_invariants(broken)
        return 1 if broken else 0
    verification = verified(api, arguments.order)
    if arguments.json:
        print_json(verification)
    else:
        _show(verification)
    return 1 if verification["broken"] else 0


def verified(api: OrdersClient, number: str | None) -> dict[str, Any]:
    """All pages of the verification as one. Raises Problem."""
    verification: dict[str, Any] = {**dict.fromkeys(_COUNTS, 0), "broken": []}
    query: dict[str, str | None] = {"number": number}
    while True:
        page = api.call("GET", "/audit", query, missing_is_none=True)
        if page is None:
            raise Problem(f"No order has the number '{number}'.", fix="'mtd orders' lists them.")
        for name in _COUNTS:
            verification[name] += page[name]
        verification["broken"] += page["broken"]
        if page["next"] is None:
            return verification
        query = {"after": page["next"]}


def _show_invariants(broken: list[dict[str, Any]]) -> None:
    out = console()
    if not broken:
        out.print("Every invariant holds.", highlight=False)
        return
    out.print(f"{len(broken)} broken:\n", highlight=False)
    rows = [(each["invariant"], each["tenant"], each["subject"], each["says"]) for each in broken]
    out.print(table(("Invariant", "Tenant", "Order or other", "Says"), rows))
    out.print("\nFollow docs/operations.md, section 'invariants'.", highlight=False)


def _show(verification: dict[str, Any]) -> None:
    out = console()
    looked = (
        f"{verification['events']} events of {verification['orders']} orders, {verification['days']} sealed days, "
        f"{verification['objects']} objects of the archive"
    )
    if not verification["broken"]:
        out.print(f"Intact: {looked}.", highlight=False)
        return
    out.print(f"NOT intact: {len(verification['broken'])} broken in {looked}.\n", highlight=False)
    rows = [
        (
            each["kind"],
            each["number"] or each["order_id"] or each["day"],
            each["event_id"],
            each["position"],
            each["says"],
        )
        for each in verification["broken"]
    ]
    out.print(table(("What", "Order or day", "Event", "Place", "Says"), rows, right=("Event", "Place")))
    out.print("\nFollow docs/operations.md, section 'audit'.", highlight=False)
