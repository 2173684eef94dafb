"""show one order's timeline across S3, SQS, API, Lambda, PostgreSQL, Step Functions and SES"""

import argparse
from datetime import datetime
from typing import Any

from rich.console import Console

from devenv.console.screen import console, json_flag, print_json, table, tenant_flag
from devenv.console.words import text
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running

FIELDS = ("at", "source", "what", "from", "to", "ms", "request_id")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=text, metavar="NUMBER")
    tenant_flag(parser)
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    order = Running.of(instance).orders_api(arguments.tenant).order(arguments.number)
    if order is None:
        raise Problem(f"No order has the number '{arguments.number}'.", fix="'mtd orders' lists them.")
    events = [{name: event.get(name) for name in FIELDS} for event in order["events"]]
    if arguments.json:
        print_json({"number": order["number"], "state": order["state"], "events": events})
    else:
        show(console(), order, events)
    return 0


def show(out: Console, order: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """The timeline as a table."""
    reason = f", {order['reason']}" if order.get("reason") else ""
    out.print(f"Order {order['number']}: {order['state']}{reason}\n", highlight=False, markup=False)
    first = datetime.fromisoformat(events[0]["at"]) if events else None
    rows = []
    for event in events:
        at = datetime.fromisoformat(event["at"])
        since = (at - first).total_seconds() if first else 0.0
        move = f"{event['from'] or ''} → {event['to']}" if event["to"] else ""
        ms = "" if event["ms"] is None else f"{float(event['ms']):.1f}"
        rows.append(
            (f"{at:%H:%M:%S.%f}"[:-3], f"+{since:.3f}", event["source"], event["what"], move, ms, event["request_id"])
        )
    columns = ("At (UTC)", "s", "Where", "What", "State", "ms", "Request")
    out.print(table(columns, rows, right=("s", "ms")))
