"""`mtd process migrate`: moves orders in flight to another version of their process."""

import argparse
import getpass
from collections import Counter
from typing import Any

from devenv.console.screen import console, json_flag, print_json, table, tenant_flag
from devenv.instance import Instance
from devenv.orders.operation_watch import progress, watch
from devenv.problem import Problem
from devenv.running import Running

type Json = dict[str, Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("process", help="the process's name, as 'mtd process versions' lists it")
    parser.add_argument("--from", dest="old", type=int, metavar="VERSION", help="the version of the orders now")
    parser.add_argument("--to", dest="new", type=int, metavar="VERSION", help="the version to move them to")
    parser.add_argument(
        "--map", nargs="+", default=[], metavar="OLD=NEW", help="nodes that have another name in the new version"
    )
    parser.add_argument(
        "--run", action="store_true", help="move the orders (default: a rehearsal, which changes nothing)"
    )
    parser.add_argument("--back", type=int, metavar="OPERATION", help="move the orders of that migration back")
    parser.add_argument("--reason", help="the reason, which the orders' history keeps; needed to move them")
    parser.add_argument(
        "--person", default=getpass.getuser(), help="the person who does it (default: the user of this machine)"
    )
    parser.add_argument(
        "--canary", type=int, metavar="N", help="move N orders first, and the others when those have gone on"
    )
    parser.add_argument("--rate", type=float, metavar="R", help="move at most R orders a second")
    parser.add_argument(
        "--stop-at",
        type=float,
        metavar="SHARE",
        help="stop when more than this share of orders cannot move, such as 0.2",
    )
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """0 when every order moved (or would move), else 1."""
    asked = _asked(arguments)
    api = Running.of(instance).orders_api(arguments.tenant)
    path = f"/processes/{arguments.process}/migrations"
    operation = watch(api, api.call("POST", path, body=asked), quiet=arguments.json)
    if arguments.json:
        print_json(operation)
    else:
        _show(operation)
    counts = operation["counts"]
    return 0 if counts["refused"] == counts["pending"] == 0 else 1


def _asked(arguments: argparse.Namespace) -> Json:
    changes = arguments.run or arguments.back is not None
    if changes and not (arguments.reason or "").strip():
        raise Problem("A reason is needed.", fix="Say why with --reason; the orders' history keeps it.", code=2)
    if arguments.back is None and (arguments.old is None or arguments.new is None):
        raise Problem("The versions are missing.", fix="As in: --from 1 --to 2", code=2)
    asked = {
        "mode": "reverse" if arguments.back is not None else "run" if arguments.run else "rehearse",
        "person": arguments.person,
        "reason": arguments.reason or "rehearsal",
        "from": arguments.old,
        "to": arguments.new,
        "map": dict(_pair(each) for each in arguments.map),
        "operation_id": arguments.back,
        "canary": arguments.canary,
        "rate": arguments.rate,
        "stop_at": arguments.stop_at,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _pair(text: str) -> tuple[str, str]:
    old, _, new = text.partition("=")
    if not (old and new):
        raise Problem(f"{text!r} maps nothing.", fix="As in: --map allocation=reservation", code=2)
    return old, new


def _show(operation: Json) -> None:
    out = console()
    stays = [item for item in operation["items"] if item["status"] != "done"]
    verdicts = Counter((item["code"] or item["status"], item["message"]) for item in operation["items"])
    rows = [(orders, code, message) for (code, message), orders in verdicts.most_common()]
    out.print(table(("Orders", "Verdict", "What"), rows, right=("Orders",)))
    if stays:
        out.print(
            "\nThese orders cannot move: "
            + ", ".join(item["number"] for item in stays[:20])
            + (", …" if stays[20:] else "")
        )
    rehearsal = ", a rehearsal: nothing is changed" if operation["dry_run"] else ""
    why = f" ({operation['why']})" if operation["why"] else ""
    out.print(f"\n{progress(operation)}. It is {operation['status']}{why}{rehearsal}.", highlight=False)
    if not operation["dry_run"] and operation["counts"]["done"] and "reverses" not in operation["arguments"]:
        process, number = operation["arguments"]["process"], operation["operation_id"]
        out.print(f"To move them back: mtd process migrate {process} --back {number} --reason …", highlight=False)
