"""Times of a crontab: five fields, minute, hour, day of month, month and day of week (POSIX, `crontab`).

Where both days are restricted, either will do. An hour that a change of the clocks leaves out counts when it is over,
one that comes twice counts the first time.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_DAYS = {name: number for number, name in enumerate("sun mon tue wed thu fri sat".split())}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_PART = re.compile(r"(\*|(\w+)(?:-(\w+))?)(?:/(\d{1,3}))?", re.ASCII)
_FIELD = re.compile(r"[*/,\-0-9a-z]+", re.ASCII)
_FARTHEST = 366 * 8 + 2
"""Days in which every date comes, 29 February around a century included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """The times that a crontab line allows."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    either_day: bool

    def after(self, moment: datetime, zone: tzinfo) -> datetime:
        """The first time after the moment. Raises ValueError when none comes, as on 31 February."""
        day = moment.astimezone(zone).date()
        for _ in range(_FARTHEST):
            if self._allows(day):
                due = min((each for each in self._times(day, zone) if each > moment), default=None)
                if due is not None:
                    return due
            day += timedelta(days=1)
        raise ValueError("no such day comes")

    def _allows(self, day: date) -> bool:
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (of_month or of_week if self.either_day else of_month and of_week)

    def _times(self, day: date, zone: tzinfo) -> list[datetime]:
        return [
            datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
            for hour in self.hours
            for minute in self.minutes
        ]


def read(text: str) -> Cron | None:
    """The crontab's line; None for what is none. Raises ValueError for a field out of its range."""
    fields = _MACROS.get(text.strip().lower(), text).lower().split()
    if len(fields) != len(_RANGES) or not all(map(_FIELD.fullmatch, fields)):
        return None
    minutes, hours, days, months, weekdays = (_numbers(field, at) for at, field in enumerate(fields))
    return Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(each % 7 for each in weekdays),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def _numbers(field: str, at: int) -> set[int]:
    low, high = _RANGES[at]
    found: set[int] = set()
    for part in field.split(","):
        said = _PART.fullmatch(part)
        if said is None:
            raise ValueError(f"{part!r} is no part of a crontab")
        step = int(said[4] or 1)
        first, last = (low, high) if said[1] == "*" else (_number(said[2], at), _number(said[3] or said[2], at))
        if said[4] and said[1] != "*" and said[3] is None:
            last = high
        if not low <= first <= last <= high or step < 1:
            raise ValueError(f"{part!r} is out of its range")
        found.update(range(first, last + 1, step))
    return found


def _number(text: str, at: int) -> int:
    names = _MONTHS if at == 3 else _DAYS if at == 4 else {}
    return names[text] if text in names else int(text)
