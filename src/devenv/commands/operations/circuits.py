"""list the circuits of the legacy systems with the orders parked for each; open, close or set one"""

import argparse
import getpass
from typing import Any

from devenv.console.screen import console, json_flag, print_json, table
from devenv.console.words import quantity
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running

FIELDS = tuple("system state by_hand since changed_by reason failing next_probe_at drain_rate parked oldest".split())


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("open", "close", "set"), help="open, close or set a circuit (default: list them)"
    )
    parser.add_argument("system", nargs="?", help="gift_card, eom, paperless or sales_support")
    parser.add_argument("--reason", help="the reason, which the circuit shows; needed to change one")
    parser.add_argument(
        "--person", default=getpass.getuser(), help="the person who does it (default: the user of this machine)"
    )
    parser.add_argument("--drain-rate", type=quantity, metavar="R", help="release R parked orders a second")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    asked = None if arguments.action is None else _asked(arguments)
    api = Running.of(instance).orders_api()
    rows = api.circuits() if asked is None else [api.change_circuit(arguments.system, asked)]
    if arguments.json:
        print_json([{name: row.get(name) for name in FIELDS} for row in rows])
        return 0
    columns = ("System", "Circuit", "Since", "Parked", "Drain/s", "By", "Reason")
    shown = (
        [
            row["system"],
            _state(row),
            str(row["since"])[:19],
            row["parked"],
            f"{row['drain_rate']:g}",
            row["changed_by"],
            row["reason"],
        ]
        for row in rows
    )
    console().print(table(columns, shown, right=("Parked", "Drain/s")))
    return 0


def _asked(arguments: argparse.Namespace) -> dict[str, Any]:
    if not arguments.system:
        raise Problem("No system is named.", fix="As in: mtd circuits open eom --reason maintenance", code=2)
    if not arguments.reason or not arguments.reason.strip():
        raise Problem("A reason is needed.", fix="Say why with --reason; the circuit shows it.", code=2)
    if arguments.action == "set" and arguments.drain_rate is None:
        raise Problem("There is nothing to set.", fix="Give --drain-rate, orders a second.", code=2)
    asked = {"action": arguments.action, "person": arguments.person, "reason": arguments.reason}
    return asked | ({} if arguments.drain_rate is None else {"drain_rate": arguments.drain_rate})


def _state(row: dict[str, Any]) -> str:
    if row["state"] == "open":
        return "open, by hand" if row["by_hand"] else "open"
    return "closed, draining" if row["parked"] else f"closed, {row['failing']} silent" if row["failing"] else "closed"
