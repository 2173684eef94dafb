"""The filter of the orders list, as its address says it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from mtd.domain.errors import InvalidRequest
from mtd.queries.orders.search import Filter
from portal.rendering.formats import LOCALES
from portal.rendering.typed import read_number, read_rut, show_number

LATELY = timedelta(hours=24)
NARROWED = ("ended", "promise", "process")
"""Fields that figures of other pages set, and that the form has no input for."""
IN_PROCESS = "in_process"
"""Of the field `state`: all orders that have not ended."""
FIELDS = ("q", "state", "seller", "from", "to", "min", "max", "lang", "sort", "ended", "promise", "process", "version")
"""`ended` and `promise` have one value, `24h`: ended, or promised, within so long. `version` is of `process`.

`lang` is the locale in which `min` and `max` are written: an address means the same to every reader.
"""


def given(query: Mapping[str, str]) -> dict[str, str]:
    """The fields that are filled in."""
    filled = {name: query[name].strip() for name in FIELDS if query.get(name, "").strip()}
    if "min" not in filled and "max" not in filled:
        filled.pop("lang", None)
    return filled


def try_filter(given: Mapping[str, str], zone: ZoneInfo, locale: str) -> tuple[Filter, str]:
    """The filter; where a field makes no sense, the one that finds nothing, and what to say of it."""
    try:
        return read_filter(given, zone, locale), ""
    except InvalidRequest as error:
        return replace(Filter(), text="\x7f"), error.code


def read_filter(given: Mapping[str, str], zone: ZoneInfo, locale: str) -> Filter:
    """Days are the reader's, and so are amounts unless `lang` names another locale. Raises InvalidRequest."""
    until = _day(given, "to")
    state = given.get("state")
    now = datetime.now(UTC)
    version = given.get("version", "")
    return Filter(
        text=_searched(given["q"], locale) if "q" in given else None,
        state=None if state == IN_PROCESS else state,
        in_process=state == IN_PROCESS,
        seller=given.get("seller"),
        received_from=_midnight(_day(given, "from"), zone),
        received_until=_midnight(until + timedelta(days=1) if until else None, zone),
        ended_from=now - LATELY if given.get("ended") == "24h" else None,
        promised_until=(now + LATELY).date() if given.get("promise") == "24h" else None,
        process=given.get("process"),
        version=int(version) if version.isdecimal() and len(version) < 10 else None,
        at_least=_amount(given, "min", locale),
        at_most=_amount(given, "max", locale),
    )


def _searched(text: str, locale: str) -> str:
    """The text as orders have it: a RUT without points, an amount without the separators of thousands."""
    if "." in text or "," in text:
        for read in (read_rut, lambda typed: format(read_number(typed, locale), "f")):
            with suppress(InvalidRequest):
                return read(text)
    return text


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


def localised(given: Mapping[str, str], locale: str) -> dict[str, str]:
    """The same filter with its amounts as the reader writes them; one that is no amount stays as it is."""
    shown = dict(given)
    for name in ("min", "max"):
        with suppress(InvalidRequest):
            amount = _amount(given, name, locale)
            if amount is not None:
                shown[name] = show_number(amount, locale)
    if "min" in given or "max" in given:
        shown["lang"] = locale
    return shown


def _amount(given: Mapping[str, str], name: str, locale: str) -> Decimal | None:
    if name not in given:
        return None
    written = given.get("lang", locale)
    try:
        return read_number(given[name], written if written in LOCALES else locale)
    except InvalidRequest:
        raise InvalidRequest(f"{name} is no amount", code="bad_amount") from None
