"""retry, correct, move, skip, suspend, resume or cancel orders; stop an operation"""

import argparse
import getpass
import json
from pathlib import Path
from typing import Any

from devenv.console.screen import console, json_flag, print_json, table, tenant_flag
from devenv.console.words import quantity, whole_number
from devenv.instance import Instance
from devenv.orders.operation_watch import progress, watch
from devenv.problem import Problem
from devenv.running import Running

ACTIONS = ("retry", "correct", "move", "skip", "suspend", "resume", "cancel", "stop")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="orders; for stop, the operation's number")
    parser.add_argument("--reason", help="the reason, which the orders' history keeps; needed for all but stop")
    parser.add_argument(
        "--person", default=getpass.getuser(), help="the person who does it (default: the user of this machine)"
    )
    parser.add_argument("--fingerprint", help="all orders with this open error ('mtd exceptions' lists them)")
    parser.add_argument("--state", help="all orders at this state, or ended in it")
    parser.add_argument("--seller", help="only orders of the seller with that id")
    parser.add_argument("--node", help="move: to this step of the order's process")
    parser.add_argument("--at", help="move, skip: the step to leave, if an order is at several steps")
    parser.add_argument("--data", metavar="FILE", help="correct: JSON file of the changed fields; null removes a field")
    parser.add_argument("--tried", type=whole_number, metavar="N", help="do what dry run N showed, to its orders")
    parser.add_argument("--dry-run", action="store_true", help="report the result for each order, change nothing")
    parser.add_argument(
        "--canary", type=whole_number, metavar="N", help="N orders first, and the others when those have gone on"
    )
    parser.add_argument("--rate", type=quantity, metavar="R", help="at most R orders a second")
    parser.add_argument(
        "--stop-at", type=quantity, metavar="SHARE", help="stop when more than this share fails, such as 0.2"
    )
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    asked = None if arguments.action == "stop" else _asked(arguments)
    api = Running.of(instance).orders_api(arguments.tenant)
    if asked is None:
        operation = api.stop_operation(_operation_id(arguments.numbers), arguments.person)
        operation = api.operation(operation["operation_id"])
    else:
        operation = watch(api, api.operate(asked), quiet=arguments.json)
    if arguments.json:
        print_json(operation)
    else:
        _show(operation)
    counts = operation["counts"]
    failed = counts["refused"] + counts["pending"] + counts["came_back"] + counts["unsettled"]
    return 1 if failed else 0


def _asked(arguments: argparse.Namespace) -> dict[str, Any]:
    if not arguments.reason or not arguments.reason.strip():
        raise Problem("A reason is needed.", fix="Say why with --reason; the orders' history keeps it.", code=2)
    if not (arguments.numbers or arguments.fingerprint or arguments.state or arguments.tried):
        raise Problem("No orders are named.", fix="Give their numbers, --fingerprint, --state or --tried.", code=2)
    if arguments.action == "move" and not arguments.node:
        raise Problem("The step to move to is missing.", fix="Name a step with --node.", code=2)
    asked = {
        "action": arguments.action,
        "person": arguments.person,
        "reason": arguments.reason,
        "numbers": arguments.numbers or None,
        "fingerprint": arguments.fingerprint,
        "state": arguments.state,
        "seller": arguments.seller,
        "node": arguments.node,
        "at": arguments.at,
        "document": _document(arguments),
        "dry_run": arguments.dry_run,
        "canary": arguments.canary,
        "rate": arguments.rate,
        "stop_at": arguments.stop_at,
        "tried": arguments.tried,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _document(arguments: argparse.Namespace) -> Any:
    if arguments.action != "correct":
        return None
    if not arguments.data:
        raise Problem("The corrected fields are missing.", fix="Write them to --data FILE.", code=2)
    try:
        document = json.loads(Path(arguments.data).read_text("utf-8"))
    except OSError as error:
        raise Problem(f"{arguments.data} cannot be read: {error.strerror}.", fix="Correct the path.", code=2) from None
    except ValueError as error:
        raise Problem(f"{arguments.data} is not JSON: {error}.", fix="Correct the file.", code=2) from None
    if not isinstance(document, dict) or not document:
        raise Problem(f"{arguments.data} holds no fields.", fix='Write an object, as {"gift_card": "GC-1"}.', code=2)
    return document


def _operation_id(numbers: list[str]) -> int:
    if len(numbers) != 1 or not (numbers[0].isascii() and numbers[0].isdecimal()):
        raise Problem("The number of the operation is missing.", fix="As in: mtd operate stop 12", code=2)
    return int(numbers[0])


def _show(operation: dict[str, Any]) -> None:
    rows = [(item["number"], item["status"], item["code"], item["message"]) for item in operation["items"]]
    console().print(table(("Number", "Result", "Code", "What"), rows))
    why = f" ({operation['why']})" if operation["why"] else ""
    dry = ", a dry run: nothing is changed" if operation["dry_run"] else ""
    console().print(f"\n{progress(operation)}. It is {operation['status']}{why}{dry}.", highlight=False)
