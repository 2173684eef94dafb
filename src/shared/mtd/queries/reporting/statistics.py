"""Orders over a span of time, from the figures that summarise_orders keeps: a minute or two behind."""

from dataclasses import dataclass
from datetime import datetime

from mtd.queries.orders.orders import Reader
from mtd.sql import Row, load

_SQL = load(__name__)
_DAYS_IN = "America/Santiago"
"""The zone of the kept days. Days of another zone are sums of hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """`steps` are hours or days by when orders came, with their counts, promises kept, and median seconds to the end.

    `states` are what orders have left, with p50 and p95 seconds in it and how many took longer than its target;
    `causes` are incidents by code. Percentiles are within 5 %.
    """

    steps: list[Row]
    sellers: list[Row]
    causes: list[Row]
    states: list[Row]


def statistics(read: Reader, since: datetime, until: datetime, *, step: str, zone: str) -> Statistics:
    """From the hour or day of `since` to before `until`; `step` is hour or day, `zone` says when a day begins."""
    grain = "day" if step == "day" and zone == _DAYS_IN else "hour"
    asked = {"since": since, "until": until, "step": step, "zone": zone, "grain": grain}
    return Statistics(
        steps=read(_SQL["per_step"], asked),
        sellers=read(_SQL["per_seller"], asked),
        causes=read(_SQL["per_cause"], asked),
        states=read(_SQL["per_state"], asked),
    )
