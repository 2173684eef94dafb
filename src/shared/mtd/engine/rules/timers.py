"""Times of timers: ISO 8601 durations, dates and cycles, crontabs, or a rule over the order (`= order.promised_on`).

A date, a day and a month are those of the tenant's zone: a month after 31 January is the last day of February, a day
after ten o'clock is ten o'clock, whatever the clocks did meanwhile. Hours, minutes and seconds are as long as they are.
A time that a change of the clocks leaves out is moved on by as much; of one that comes twice the first counts.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.rules import cron, evaluator, parser
from mtd.engine.rules.evaluator import Facts

WITHOUT_END = -1
"""How often a cycle `R/PT1H` or a crontab fires."""

_DURATION = re.compile(
    r"P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_CYCLE = re.compile(r"R(\d*)/(.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Duration:
    months: int
    days: int
    exactly: timedelta

    def after(self, start: datetime, zone: tzinfo, times: int = 1) -> datetime:
        """The moment so many times the duration after the start, counted from there: a month's end does not wander."""
        if not self.months and not self.days:
            return start.astimezone(UTC) + self.exactly * times
        local = start.astimezone(zone)
        years, month = divmod(local.month - 1 + self.months * times, 12)
        year = local.year + years
        day = min(local.day, calendar.monthrange(year, month + 1)[1])
        local = local.replace(year=year, month=month + 1, day=day, fold=0) + timedelta(days=self.days * times)
        return local.astimezone(UTC) + self.exactly * times


def check(text: str) -> None:
    """Raises ProcessError (`time_malformed`) when the text is no time."""
    if not text.startswith("="):
        due_at(text, datetime(2026, 1, 1, tzinfo=UTC), {})


def repeats(text: str) -> int | None:
    """How often a cycle fires (`WITHOUT_END`: for ever); None for a date or a duration."""
    found = _CYCLE.fullmatch(text)
    if found is not None:
        return int(found[1]) if found[1] else WITHOUT_END
    return WITHOUT_END if not text.startswith("=") and _is_cron(text) else None


def due_at(text: str, now: datetime, facts: Facts, zone: tzinfo = UTC, since: datetime | None = None) -> datetime:
    """When a timer is due that started `since` (else `now`): of a cycle, the first time after `now`.

    A cycle is counted from its own start, `R/2026-09-07T10:00:00/PT2H`, else from `since`: it does not drift, and what
    fell due while nobody looked falls due once. A date without offset is of the zone, a date alone begins at midnight.

    Raises ProcessError (`time_malformed`, or `unknown_fact` when the order lacks what a rule asks for).
    """
    if text.startswith("="):
        value = evaluator.evaluate(parser.parse(text[1:]), facts)
        if not isinstance(value, str) or value.startswith("="):
            raise PhrasedError(Phrase("rule_gives_no_time", rule=text, value=repr(value)), code="unknown_fact")
        return due_at(value, now, facts, zone, since)
    try:
        cycle = _CYCLE.fullmatch(text)
        if cycle:
            return _next_turn(cycle[2], now, zone, since or now)
        if (duration := _duration(text)) is not None:
            return duration.after(since or now, zone)
        if (line := cron.read(text)) is not None:
            return line.after(now, zone)
        return _moment(text, zone)
    except (ValueError, OverflowError):
        raise PhrasedError(Phrase("strange_time", text=text), code="time_malformed") from None


def _next_turn(text: str, now: datetime, zone: tzinfo, since: datetime) -> datetime:
    start, _, interval = text.rpartition("/")
    duration = _duration(interval)
    if duration is None:
        # A cycle of moments, `R2/2026-09-18`, has but the one.
        return _moment(text, zone)
    begun = _moment(start, zone) if start else since
    if start and begun > now:
        return begun
    turn = max(1, _about(duration, now - begun))
    due = duration.after(begun, zone, turn)
    while due <= now:
        turn += 1
        due = duration.after(begun, zone, turn)
    return due


def _about(duration: _Duration, passed: timedelta) -> int:
    """How many turns have passed at least."""
    longest = timedelta(days=31 * duration.months + duration.days) + duration.exactly
    if longest <= timedelta(0):
        raise ValueError("a cycle must last")
    # A day may have 25 hours.
    return int(passed / (longest * 1.05))


def _moment(text: str, zone: tzinfo) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone).astimezone(UTC)


def _is_cron(text: str) -> bool:
    try:
        return cron.read(text) is not None
    except ValueError:
        return False


def _duration(text: str) -> _Duration | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    years, months, weeks, days, hours, minutes = (int(each or 0) for each in found.groups()[:6])
    exactly = timedelta(hours=hours, minutes=minutes, seconds=float(found[7] or 0))
    return _Duration(12 * years + months, 7 * weeks + days, exactly)
