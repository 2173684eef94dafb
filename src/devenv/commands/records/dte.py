"""compare tax documents with Paperless, and show how long the folios last"""

import argparse
import getpass
from typing import Any

from devenv.console.screen import console, json_flag, print_json, table
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "reconcile", "resolve"), default="list")
    parser.add_argument("number", nargs="?", type=int, metavar="NUMBER", help="resolve: the difference's number")
    parser.add_argument("--day", metavar="YYYY-MM-DD", help="list, reconcile: that day (reconcile: else yesterday)")
    parser.add_argument("--note", help="resolve: the action taken, which the difference keeps")
    parser.add_argument(
        "--person", default=getpass.getuser(), help="the person who does it (default: the user of this machine)"
    )
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """Returns 1 when a difference is open."""
    if arguments.action == "resolve" and (arguments.number is None or not arguments.note):
        raise Problem("The difference or the note is missing.", fix="As in: mtd dte resolve 7 --note …", code=2)
    api = Running.of(instance).orders_api()
    if arguments.action == "reconcile":
        answer = api.call("POST", "/dte/reconciliations", body={"day": arguments.day})
    else:
        if arguments.action == "resolve":
            body = {"person": arguments.person, "note": arguments.note}
            api.call("POST", f"/dte/differences/{arguments.number}/resolve", body=body)
        answer = api.call("GET", "/dte/reconciliations", {"day": arguments.day})
    if arguments.json:
        print_json(answer)
    else:
        _show(answer)
    return 1 if any(each["status"] == "open" for each in answer["differences"]) else 0


def _show(answer: dict[str, Any]) -> None:
    out = console()
    if not answer["reconciliations"]:
        out.print("No day has been reconciled yet. Run 'mtd dte reconcile'.")
        return
    rows = [
        (each["day"], each["ours"], each["theirs"], each["differences"], each["open"], each["ran_at"][:16])
        for each in answer["reconciliations"]
    ]
    figures = ("Ours", "Paperless", "Differences", "Open")
    out.print(table(("Day", *figures, "Reconciled"), rows, right=figures))
    lasting = [
        (
            each["document_type"],
            each.get("issuer") or "",
            each["left"],
            each["per_day"],
            each["expires_on"] or "never",
            "" if each["lasts_days"] is None else each["lasts_days"],
        )
        for each in answer["reconciliations"][0]["folios"]
    ]
    out.print()
    out.print(table(("Document", "Issuer", "Folios left", "A day", "Expire on", "Last, days"), lasting))
    if answer["differences"]:
        out.print()
        columns = ("Number", "Day", "What", "Order", "Ours", "Paperless", "Status")
        out.print(table(columns, (_difference(each) for each in answer["differences"])))


def _difference(each: dict[str, Any]) -> list[Any]:
    sides = [_side(each["ours"]), _side(each["theirs"])]
    return [each["difference_id"], each["day"], each["kind"], each["number"] or each["key"], *sides, each["status"]]


def _side(document: dict[str, Any] | None) -> str:
    return "" if document is None else f"{document['document_type']} {document['folio']}, {document['amount']}"
