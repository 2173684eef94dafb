"""The exception queue: all that a person must see to, in one list of causes."""

from mtd.domain.json_types import Json
from mtd.queries.orders.orders import Reader
from mtd.sql import load

_SQL = load(__name__)


def list_exceptions(read: Reader) -> list[Json]:
    """Causes with their orders, the latest first.

    `source` is `incident`, `waiting` (orders in the waiting queue: they are pushed, not retried) or `conflict` (orders
    that came under a taken number: they can only be cancelled). `numbers` are the latest twenty.
    """
    return read(_SQL["list_exceptions"], {})
