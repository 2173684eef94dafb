"""Follows an operation on many orders to its end."""

import time
from typing import Any

from devenv.console.screen import console
from devenv.orders.orders_client import OrdersClient

_LOOK_SECONDS = 0.5


def watch(api: OrdersClient, operation: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Waits for the end of the operation and returns it with all its orders. Ctrl+C leaves the operation running."""
    printed = ""
    while operation["status"] == "running":
        line = progress(operation)
        if line != printed and not quiet:
            console().print(line, highlight=False)
            printed = line
        time.sleep(_LOOK_SECONDS)
        operation = api.call("GET", f"/operations/{operation['operation_id']}")
    return api.operation(operation["operation_id"])


def progress(operation: dict[str, Any]) -> str:
    """The progress of an operation, in one line."""
    counts = operation["counts"]
    worked = counts["total"] - counts["pending"]
    return (
        f"operation {operation['operation_id']}, {operation['action']}: {worked} of {counts['total']}, "
        f"{counts['refused']} refused, {counts['came_back']} failed again"
    )
