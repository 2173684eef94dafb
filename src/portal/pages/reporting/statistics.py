"""Orders over a span of time, as figures, a plot and CSV."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from starlette.responses import Response, StreamingResponse

from mtd.queries.reporting.statistics import Statistics, statistics
from portal.pages.orders import csv_export
from portal.rendering.context import Context, Tab
from portal.visit import Visit

SPANS = {"day": (timedelta(days=1), "hour"), "week": (timedelta(days=7), "day"), "month": (timedelta(days=31), "day")}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsContext(Context):
    """The figures from `since` to `until` in steps of an hour or a day, and the spans to choose from."""

    template: ClassVar[str] = "reporting/statistics.html"

    figures: Statistics
    span: str
    spans: list[Tab]
    since: datetime
    until: datetime
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    span: str
    since: datetime
    until: datetime
    step: str


def show(visit: Visit) -> Response:
    asked = _asked(visit)
    spans = [
        Tab(label=f"statistics.{span}", href=f"/statistics?span={span}", chosen=span == asked.span) for span in SPANS
    ]
    return visit.page(
        StatisticsContext(
            figures=_statistics(visit, asked),
            span=asked.span,
            spans=spans,
            since=asked.since,
            until=asked.until,
            step=asked.step,
        )
    )


def export(visit: Visit) -> Response:
    figures = _statistics(visit, _asked(visit))
    columns = ("since", "received", "completed", "exceptions", "kept", "p50")

    def lines() -> Iterator[str]:
        yield csv_export.line([visit.say(f"statistics.{column}") for column in columns])
        for step in figures.steps:
            yield csv_export.line([step[column] for column in columns])

    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=csv_export.headers("statistics"))


def _statistics(visit: Visit, asked: _Asked) -> Statistics:
    return statistics(visit.read, asked.since, asked.until, step=asked.step, zone=visit.zone.key)


def _asked(visit: Visit) -> _Asked:
    span = visit.request.query_params.get("span", "day")
    length, step = SPANS.get(span, SPANS["day"])
    until = datetime.now(UTC)
    return _Asked(span=span if span in SPANS else "day", since=until - length, until=until, step=step)
