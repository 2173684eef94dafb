"""Times of timers: ISO 8601 durations, dates and cycles, or a rule over the order (`= order.promised_on`)."""

import re
from datetime import UTC, datetime, timedelta

from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.rules import evaluator, parser
from mtd.engine.rules.evaluator import Facts

WITHOUT_END = -1
"""How often a cycle `R/PT1H` fires."""

_DURATION = re.compile(
    r"P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_CYCLE = re.compile(r"R(\d*)/(.+)", re.ASCII)


def check(text: str) -> None:
    """Raises ProcessError (`time_malformed`) when the text is no time."""
    if not text.startswith("="):
        due_at(text, datetime(2026, 1, 1, tzinfo=UTC), {})


def repeats(text: str) -> int | None:
    """How often a cycle fires (`WITHOUT_END`: for ever); None for a date or a duration."""
    found = _CYCLE.fullmatch(text)
    return None if found is None else int(found[1]) if found[1] else WITHOUT_END


def due_at(text: str, now: datetime, facts: Facts) -> datetime:
    """When a timer that starts `now` is due; a date without offset is in UTC, a date alone begins at midnight.

    Raises ProcessError (`time_malformed`, or `unknown_fact` when the order lacks what a rule asks for).
    """
    if text.startswith("="):
        value = evaluator.evaluate(parser.parse(text[1:]), facts)
        if not isinstance(value, str) or value.startswith("="):
            raise PhrasedError(Phrase("rule_gives_no_time", rule=text, value=repr(value)), code="unknown_fact")
        return due_at(value, now, facts)
    cycle = _CYCLE.fullmatch(text)
    rest = cycle[2] if cycle else text
    try:
        # Of a cycle with a start, 'R3/2026-09-07T10:00:00/PT2H', the interval counts.
        found = _DURATION.fullmatch(rest.rpartition("/")[2])
        if found:
            return now + _duration(found)
        moment = datetime.fromisoformat(rest)
    except (ValueError, OverflowError):
        raise PhrasedError(Phrase("strange_time", text=text), code="time_malformed") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _duration(found: re.Match[str]) -> timedelta:
    years, months, weeks, days, hours, minutes = (int(each or 0) for each in found.groups()[:6])
    # A year and a month are taken as 365 and 30 days: a deadline needs no calendar.
    whole = timedelta(days=365 * years + 30 * months + 7 * weeks + days, hours=hours, minutes=minutes)
    return whole + timedelta(seconds=float(found[7] or 0))
