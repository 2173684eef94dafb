"""Follows an operation on many orders to its end."""

import time
from typing import Any

from devenv.console.screen import console
from devenv.orders.orders_api import OrdersApi

_LOOK_SECONDS = 0.5
_SETTLE_SECONDS = 60


def watch(api: OrdersApi, operation: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """The operation with all of its orders once its effect is known. An interrupted watch leaves it running.

    Its effect is known when each order that it has put somewhere has passed that step or failed again; a minute after
    the operation's end the others count as unsettled.
    """
    shown, until = "", float("inf")
    while operation["status"] == "running" or (operation["counts"]["unsettled"] and time.monotonic() < until):
        line = progress(operation)
        if line != shown and not quiet:
            console().print(line, highlight=False)
            shown = line
        time.sleep(_LOOK_SECONDS)
        operation = api.call("GET", f"/operations/{operation['operation_id']}")
        if operation["status"] != "running" and until == float("inf"):
            until = time.monotonic() + _SETTLE_SECONDS
    return api.operation(operation["operation_id"])


def progress(operation: dict[str, Any]) -> str:
    """How far it is, in one line."""
    counts = operation["counts"]
    worked = counts["total"] - counts["pending"]
    line = (
        f"operation {operation['operation_id']}, {operation['action']}: {worked} of {counts['total']}, "
        f"{counts['refused']} refused, {counts['came_back']} failed again"
    )
    return f"{line}, {counts['unsettled']} not known yet" if counts["unsettled"] else line
