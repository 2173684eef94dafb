"""Every night: seal the days that are over, each with the hash of its events and of the seal before it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from mtd.domain.audit.chain import DaySeal, seal_day

SETTLED = timedelta(hours=1)
"""A day is over so long after midnight: no transaction that writes events runs as long."""


class Days(Protocol):
    """The days of events in PostgreSQL and their seals."""

    def first_day(self) -> date | None:
        """The day of UTC of the first event."""
        ...

    def last_seal(self) -> DaySeal | None: ...

    def hashes(self, day: date) -> Iterable[bytes]:
        """The hashes of the day's events, in the order of their numbers."""
        ...

    def keep(self, seal: DaySeal) -> None:
        """Keep a day's seal. An existing seal stays; two runs at once compute the same."""
        ...


def seal_days(days: Days, now: datetime) -> list[DaySeal]:
    """Seal all days that are over and not sealed yet, also empty ones. Returns their seals."""
    before = days.last_seal()
    day = before.day + timedelta(days=1) if before else days.first_day()
    today = (now - SETTLED).astimezone(UTC).date()
    sealed: list[DaySeal] = []
    while day is not None and day < today:
        before = seal_day(before, day, days.hashes(day))
        days.keep(before)
        sealed.append(before)
        day += timedelta(days=1)
    return sealed
