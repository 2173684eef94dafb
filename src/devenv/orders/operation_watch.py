"""Follows an operation on many orders to its end."""

import time
from typing import Any

from devenv.console.screen import console
from devenv.orders.orders_client import OrdersClient

_LOOK_SECONDS = 0.5
_SETTLE_SECONDS = 60


def watch(api: OrdersClient, operation: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Waits until the operation's effect is known and returns it with all its orders. Ctrl+C leaves it running.

    The effect is known when each order that the operation has moved has passed its step or failed again. A minute after
    the operation's end the other orders count as unsettled.
    """
    printed, until = "", float("inf")
    while operation["status"] == "running" or (operation["counts"]["unsettled"] and time.monotonic() < until):
        line = progress(operation)
        if line != printed and not quiet:
            console().print(line, highlight=False)
            printed = line
        time.sleep(_LOOK_SECONDS)
        operation = api.call("GET", f"/operations/{operation['operation_id']}")
        if operation["status"] != "running" and until == float("inf"):
            until = time.monotonic() + _SETTLE_SECONDS
    return api.operation(operation["operation_id"])


def progress(operation: dict[str, Any]) -> str:
    """The progress of an operation, in one line."""
    counts = operation["counts"]
    worked = counts["total"] - counts["pending"]
    line = (
        f"operation {operation['operation_id']}, {operation['action']}: {worked} of {counts['total']}, "
        f"{counts['refused']} refused, {counts['came_back']} failed again"
    )
    return f"{line}, {counts['unsettled']} not known yet" if counts["unsettled"] else line
