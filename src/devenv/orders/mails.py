"""The mails that LocalStack's SES sent."""

import json
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from devenv.problem import Problem

_ORDER = re.compile(r"\border (.+?) (?:is|at)\b")


def mails(endpoint: str) -> list[dict[str, Any]]:
    """The mails in LocalStack's SES, newest first. Raises Problem."""
    try:
        with urllib.request.urlopen(f"{endpoint}/_aws/ses", timeout=20) as response:
            messages = json.load(response)["messages"]
    except (urllib.error.URLError, OSError, ValueError, KeyError) as error:
        raise Problem(f"LocalStack did not list its mails ({error}).", fix="Read 'mtd status'.") from error
    rows = [row for message in messages for row in mail_rows(message)]
    return sorted(rows, key=lambda row: str(row["sent_at"]), reverse=True)


def mail_rows(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each receiver of a message as LocalStack keeps it."""
    subject = str(message.get("Subject", ""))
    body = (message.get("Body") or {}).get("text_part") or ""
    found = _ORDER.search(subject) or _ORDER.search(body)
    at = datetime.fromisoformat(str(message["Timestamp"]))
    sent_at = (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat(timespec="milliseconds")
    order = found.group(1) if found else None
    to = (message.get("Destination") or {}).get("ToAddresses") or []
    return [{"to": address, "subject": subject, "order": order, "sent_at": sent_at} for address in to]
