"""list the mails that were sent, the newest first"""

import argparse
import json
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running
from devenv.screen import console, json_flag, print_json, table

_ORDER = re.compile(r"\border (.+?) (?:is|at)\b")


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


def mails(endpoint: str) -> list[dict[str, Any]]:
    """What LocalStack's SES sent, the newest first. Raises Problem."""
    try:
        with urllib.request.urlopen(f"{endpoint}/_aws/ses", timeout=20) as response:
            messages = json.load(response)["messages"]
    except (urllib.error.URLError, OSError, ValueError, KeyError) as error:
        raise Problem(f"LocalStack does not tell its mails ({error}).", fix="See 'mtd status'.") from error
    rows = [row for message in messages for row in _rows(message)]
    return sorted(rows, key=lambda row: str(row["sent_at"]), reverse=True)


def _rows(message: dict[str, Any]) -> list[dict[str, Any]]:
    subject = str(message.get("Subject", ""))
    body = (message.get("Body") or {}).get("text_part") or ""
    found = _ORDER.search(subject) or _ORDER.search(body)
    at = datetime.fromisoformat(str(message["Timestamp"]))
    sent_at = (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat(timespec="milliseconds")
    order = found.group(1) if found else None
    to = (message.get("Destination") or {}).get("ToAddresses") or []
    return [{"to": address, "subject": subject, "order": order, "sent_at": sent_at} for address in to]
