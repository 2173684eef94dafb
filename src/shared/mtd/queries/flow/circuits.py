"""The health of the legacy systems: their circuits, and how many orders are parked for each."""

from mtd.domain.errors import NotFound
from mtd.domain.json_types import Json
from mtd.queries.orders.orders import Reader
from mtd.sql import load

_SQL = load(__name__)

#: The legacy systems, each with a state that it serves.
_STATES = (
    ("gift_card", "gift_card"),
    ("eom", "allocation"),
    ("eom", "dispatch"),
    ("paperless", "emission_dte"),
    ("sales_support", "sales_support"),
)


def last_failures(read: Reader) -> dict[str, Json]:
    """The latest incident of each system's states within 24 hours, by system: `code`, `message`, `opened_at`."""
    systems, states = zip(*_STATES, strict=True)
    rows = read(_SQL["last_failures"], {"systems": list(systems), "states": list(states)})
    return {row["system"]: row for row in rows}


def list_circuits(read: Reader, drain_rate: float) -> list[Json]:
    """Every system's circuit. `drain_rate` (orders a second) is the deployment's, for circuits without their own.

    `since` is the moment at which the circuit last opened or closed. `failing` counts the orders without an answer
    since the last answer. `parked` counts its parked orders; `oldest` is when the first of them was parked. A closed
    circuit with parked orders is draining.
    """
    return read(_SQL["read_circuits"], {"system": None, "drain_rate": drain_rate})


def read_circuit(read: Reader, system: str, drain_rate: float) -> Json:
    """One system's circuit, as `list_circuits` has it. Raises NotFound."""
    found = read(_SQL["read_circuits"], {"system": system, "drain_rate": drain_rate})
    if not found:
        raise NotFound(
            f"there is no legacy system {system!r}: name one of gift_card, eom, paperless, sales_support",
            code="system_unknown",
        )
    return found[0]
