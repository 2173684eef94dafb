"""The connected systems: their declarations, circuits, and the calls of the last hour."""

from mtd.domain.json_types import Json
from mtd.queries.orders.orders import Reader
from mtd.sql import load

_SQL = load(__name__)

HOUR_SECONDS = 3_600


def list_systems(read: Reader) -> list[Json]:
    """Every declared system: `declaration` as POST takes it, `circuit`, and the orders that are `parked` for it.

    `calls`, `unanswered` and `refused` count the calls of the last hour, `mean_ms` and `longest_ms` are their
    milliseconds; None where there was no call.
    """
    return read(_SQL["list_systems"], {"seconds": HOUR_SECONDS})


def served_tasks(read: Reader) -> list[Json]:
    """The tasks of active versions that systems serve: `system`, `process`, `version`, `task` and its `name`."""
    return read(_SQL["served_tasks"], {})
