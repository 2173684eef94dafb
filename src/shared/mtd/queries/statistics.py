"""Orders over a span of time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mtd.queries.orders import Reader
from mtd.sql import load

_SQL = load("statistics")

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """`steps` are hours or days with their counts and median seconds to the end; `causes` are incidents by code."""

    steps: list[Row]
    sellers: list[Row]
    causes: list[Row]


def statistics(read: Reader, since: datetime, until: datetime, *, step: str, zone: str) -> Statistics:
    """Orders received from `since` to before `until`; `step` is hour or day, `zone` says when a day begins."""
    span = {"since": since, "until": until}
    return Statistics(
        steps=read(_SQL["per_step"], span | {"step": step, "zone": zone}),
        sellers=read(_SQL["per_seller"], span),
        causes=read(_SQL["per_cause"], span),
    )
