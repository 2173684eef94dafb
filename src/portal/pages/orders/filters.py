"""The filter of the orders list, as its address says it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from mtd.domain.errors import InvalidRequest
from mtd.queries.orders.search import Filter

IN_PROCESS = "in_process"
"""Of the field `state`: all orders that have not ended."""
FIELDS = ("q", "state", "seller", "from", "to", "min", "max", "sort")


def given(query: Mapping[str, str]) -> dict[str, str]:
    """The fields that say something."""
    return {name: query[name].strip() for name in FIELDS if query.get(name, "").strip()}


def try_filter(given: Mapping[str, str], zone: ZoneInfo) -> tuple[Filter, str]:
    """The filter; where a field makes no sense, the one that finds nothing, and what to say of it."""
    try:
        return read_filter(given, zone), ""
    except InvalidRequest as error:
        return replace(Filter(), text="\x7f"), error.code


def read_filter(given: Mapping[str, str], zone: ZoneInfo) -> Filter:
    """Days are the reader's. Raises InvalidRequest."""
    until = _day(given, "to")
    state = given.get("state")
    return Filter(
        text=given.get("q"),
        state=None if state == IN_PROCESS else state,
        in_process=state == IN_PROCESS,
        seller=given.get("seller"),
        received_from=_midnight(_day(given, "from"), zone),
        received_until=_midnight(until + timedelta(days=1) if until else None, zone),
        at_least=_amount(given, "min"),
        at_most=_amount(given, "max"),
    )


def _day(given: Mapping[str, str], name: str) -> date | None:
    try:
        day = date.fromisoformat(given[name]) if name in given else None
        if day is not None and not 1970 <= day.year < 9999:
            raise ValueError
    except ValueError:
        raise InvalidRequest(f"{name} is no date", code="bad_date") from None
    return day


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, zone)


def _amount(given: Mapping[str, str], name: str) -> Decimal | None:
    try:
        amount = Decimal(given[name]) if name in given else None
        if amount is not None and (not amount.is_finite() or abs(amount) >= Decimal(10) ** 15):
            raise InvalidOperation
    except InvalidOperation:
        raise InvalidRequest(f"{name} is no amount", code="bad_amount") from None
    return amount
