"""Timers in the tenant's zone. Chile's clocks go forward at midnight of 6 September 2026, from 00:00 to 01:00, and
back at the midnight after 4 April 2026, from 24:00 to 23:00 (IANA time zone database, southamerica)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mtd.domain.errors import ProcessError
from mtd.engine.rules import timers
from mtd.engine.rules.spoken_times import spoken

SANTIAGO = ZoneInfo("America/Santiago")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SANTIAGO)


def due(text: str, now: str, since: str | None = None) -> str:
    started = local(since) if since else None
    return (
        timers.due_at(text, local(now), {"data": {"day": "2026-09-18"}}, SANTIAGO, started)
        .astimezone(SANTIAGO)
        .isoformat()
    )


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("2026-09-18", "2026-01-01T10:00", "2026-09-18T00:00:00-03:00"),
        ("= data.day", "2026-01-01T10:00", "2026-09-18T00:00:00-03:00"),
        ("2026-07-18T09:30:00", "2026-01-01T10:00", "2026-07-18T09:30:00-04:00"),
        ("2026-07-18T09:30:00Z", "2026-01-01T10:00", "2026-07-18T05:30:00-04:00"),
        # A calendar month, and a year that was a leap year.
        ("P1M", "2026-01-31T10:00", "2026-02-28T10:00:00-03:00"),
        ("P1M", "2026-03-15T10:00", "2026-04-15T10:00:00-04:00"),
        ("P1Y", "2028-02-29T10:00", "2029-02-28T10:00:00-03:00"),
        ("P1M1DT1H", "2026-01-31T10:00", "2026-03-01T11:00:00-03:00"),
        # A day over a change of the clocks is until the same time; 24 hours are 24 hours.
        ("P1D", "2026-09-05T10:00", "2026-09-06T10:00:00-03:00"),
        ("PT24H", "2026-09-05T10:00", "2026-09-06T11:00:00-03:00"),
        ("PT24H", "2026-04-04T10:00", "2026-04-05T09:00:00-04:00"),
        # Midnight of 6 September does not exist: it is the moment when the clocks change.
        ("2026-09-06", "2026-01-01T10:00", "2026-09-06T01:00:00-03:00"),
        ("P1D", "2026-09-05T00:30", "2026-09-06T01:30:00-03:00"),
        # 23:30 of 4 April comes twice: the first counts.
        ("2026-04-04T23:30:00", "2026-01-01T10:00", "2026-04-04T23:30:00-03:00"),
    ],
)
def test_dates_days_and_months_are_those_of_the_tenants_zone(text: str, now: str, expected: str) -> None:
    assert due(text, now) == expected


@pytest.mark.parametrize(
    ("text", "since", "now", "expected"),
    [
        # An hourly cycle looked at 3 minutes late keeps its minute.
        ("R/PT1H", "2026-01-01T10:00", "2026-01-01T11:03", "2026-01-01T12:00:00-03:00"),
        ("R/2026-01-01T08:00:00/PT2H", "2026-01-01T09:30", "2026-01-01T09:30", "2026-01-01T10:00:00-03:00"),
        ("R3/2026-01-01T08:00:00/PT2H", "2026-01-01T07:00", "2026-01-01T07:00", "2026-01-01T08:00:00-03:00"),
        # What fell due while the system was down falls due once.
        ("R/PT1H", "2026-01-01T10:00", "2026-01-09T10:30", "2026-01-09T11:00:00-03:00"),
        # The last day of each month, whichever that is.
        ("R/P1M", "2026-01-31T10:00", "2026-02-28T10:00", "2026-03-31T10:00:00-03:00"),
        ("R/P1D", "2026-09-04T08:00", "2026-09-05T08:00", "2026-09-06T08:00:00-03:00"),
        ("R/PT0.5S", "2026-01-01T10:00", "2026-01-01T10:00", "2026-01-01T10:00:00.500000-03:00"),
    ],
)
def test_cycles_keep_their_start_and_do_not_drift(text: str, since: str, now: str, expected: str) -> None:
    assert due(text, now, since) == expected


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("0 9 * * 1-5", "2026-01-02T09:00", "2026-01-05T09:00:00-03:00"),
        ("0 9 * * MON-FRI", "2026-01-05T08:59", "2026-01-05T09:00:00-03:00"),
        ("*/15 8-18 * * *", "2026-01-05T08:16", "2026-01-05T08:30:00-03:00"),
        ("30 17 28-31 * *", "2026-02-28T18:00", "2026-03-28T17:30:00-03:00"),
        ("0 0 29 feb *", "2026-01-01T00:00", "2028-02-29T00:00:00-03:00"),
        # POSIX crontab: where both days are restricted, either will do.
        ("0 12 1 * 0", "2026-01-02T00:00", "2026-01-04T12:00:00-03:00"),
        ("0 12 * * 7", "2026-01-02T00:00", "2026-01-04T12:00:00-03:00"),
        ("@daily", "2026-01-02T10:00", "2026-01-03T00:00:00-03:00"),
        # 00:30 of 6 September does not exist, 23:30 of 4 April comes twice.
        ("30 0 * * *", "2026-09-05T12:00", "2026-09-06T01:30:00-03:00"),
        ("30 23 * * *", "2026-04-04T23:30", "2026-04-05T23:30:00-04:00"),
    ],
)
def test_crontabs(text: str, now: str, expected: str) -> None:
    timers.check(text)
    assert timers.repeats(text) == timers.WITHOUT_END
    assert due(text, now) == expected


@pytest.mark.parametrize(
    "text", ["0 24 * * *", "60 * * * *", "0 9 * * mon-foo", "0 0 31 2 *", "*/0 * * * *", "9 5 * *"]
)
def test_what_is_no_crontab_is_no_time(text: str) -> None:
    with pytest.raises(ProcessError) as refused:
        timers.check(text)
    assert refused.value.code == "time_malformed"


def test_a_cycle_of_ten_years_is_found_at_once() -> None:
    start = datetime(2016, 1, 1, tzinfo=UTC)
    found = timers.due_at("R/PT1S", start + timedelta(days=3653), {}, UTC, start)
    assert found == start + timedelta(days=3653, seconds=1)


@pytest.mark.parametrize("text", ["R/PT0S", "R/P0D"])
def test_a_cycle_must_last(text: str) -> None:
    with pytest.raises(ProcessError):
        timers.check(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Esperar 2 días", "P2D"),
        ("48 hrs", "PT48H"),
        ("Two weeks", "P2W"),
        ("30 min", "PT30M"),
        ("Un mes después", "P1M"),
        ("dois dias", "P2D"),
        ("1 ano", "P1Y"),
        ("Esperar", None),
        ("2 días o 3 horas", None),
        ("el 2 de mayo", None),
    ],
)
def test_times_that_people_write(text: str, expected: str | None) -> None:
    assert spoken(text) == expected
