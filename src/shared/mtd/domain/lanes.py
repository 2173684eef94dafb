"""The lanes of the queue `transitions`: an order waits for its own system only (docs/adr/0046).

A lane is a queue with a reader of its own. Orders whose next step asks a slow system fill its lane, and hold nobody
else up. A message in the wrong lane does no harm: `route_order` hands it on.
"""

MAIN = "transitions"
"""For what asks no other system, and for messages whose sender does not know the step."""
_LANES = {
    "gift_card": "gift_card",
    "allocation": "eom",
    "dispatch": "eom",
    "emission_dte": "paperless",
    "sales_support": "sales_support",
    # It asks all of the four, one after the other.
    "cancellation": "cancellation",
}
_CONNECTED = "system:"
"""Servers of connected systems, `system:<name>`."""

LANES = (MAIN, *(f"{MAIN}-{name}" for name in (*dict.fromkeys(_LANES.values()), "systems")))
"""The names of all lanes' queues."""


def lane_of(server: str) -> str:
    """The lane of a server of tasks: the state's name, `system:<name>`, or any other one."""
    if server.startswith(_CONNECTED):
        return f"{MAIN}-systems"
    return f"{MAIN}-{_LANES[server]}" if server in _LANES else MAIN
