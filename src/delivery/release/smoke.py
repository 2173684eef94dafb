"""The smoke test: an order's XML into the inbox, its row completed and its mail out, through what serves now."""

import json
import time
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

from delivery.targets.target import Target
from devenv.problem import Problem

_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
# SES's own simulator: no person gets the mail, no bounce counts.
_MAILBOX = "success@simulator.amazonses.com"
_DEADLINE_SECONDS = 120.0
_ENDED = {"completed", "exception", "rejected", "cancelled", "waiting"}


def try_one(
    target: Target, bucket: str, template: Path, check: Callable[[], Any], seconds: float = _DEADLINE_SECONDS
) -> str:
    """Puts the order of `template` under a number of its own; the number. Raises Problem when its row does not come, it
    ends otherwise than completed, or no mail goes out within `seconds`; or what `check`, called every now and then,
    raises."""
    number = f"SMOKE-{uuid.uuid4().hex[:12]}"
    target.clients.client("s3").put_object(
        Bucket=bucket, Key=f"orders/{number}.xml", Body=renumbered(template, number), ContentType="application/xml"
    )
    deadline = time.monotonic() + seconds
    state, mailed = "unknown", False
    while time.monotonic() < deadline:
        order = _ask(target, number)
        if order is not None:
            state = str(order["state"])
            mailed = any(event["source"] == "SES" for event in order["events"])
            if state == "completed" and mailed:
                return number
            if state in _ENDED - {"completed"}:
                raise _failed(number, f"ended as {state}: {order.get('reason') or 'no reason given'}")
        check()
        time.sleep(target.look_seconds / 2)
    if state == "completed":
        raise _failed(number, f"was completed, but no mail of it was sent within {seconds:.0f} s")
    raise _failed(number, f"stands at '{state}' after {seconds:.0f} s")


def renumbered(template: Path, number: str) -> bytes:
    """The order with another number and nobody's mail address. Raises Problem for a file that is no UBL order."""
    try:
        root = ElementTree.parse(template).getroot()
        identifier = root.find(f"{_CBC}ID")
    except (ElementTree.ParseError, OSError) as error:
        raise Problem(f"{template} cannot be read as XML ({error}).", fix="Name another SMOKE_ORDER.") from error
    if identifier is None:
        raise Problem(f"{template} is no UBL order: it has no ID.", fix="Name another SMOKE_ORDER.")
    identifier.text = number
    for address in root.iter(f"{_CBC}ElectronicMail"):
        address.text = _MAILBOX
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _ask(target: Target, number: str) -> dict[str, Any] | None:
    """By the function itself: the API has no public door."""
    event = {
        "httpMethod": "GET",
        "resource": "/orders/{number}",
        "path": f"/orders/{urllib.parse.quote(number)}",
        "pathParameters": {"number": number},
    }
    answer = target.clients.client("lambda").invoke(
        FunctionName=f"{target.prefix}query_orders:live", Payload=json.dumps(event).encode()
    )
    payload = json.loads(answer["Payload"].read())
    if answer.get("FunctionError") or payload.get("statusCode", 500) >= 500:
        return None
    return None if payload["statusCode"] == 404 else dict(json.loads(payload["body"]))


def _failed(number: str, what: str) -> Problem:
    return Problem(f"The smoke order {number} {what}.", fix=f"Its way: GET /orders/{number}; then the functions' logs.")
