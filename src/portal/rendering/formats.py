"""Numbers, money, times and durations as people read them, after CLDR; no value is a dash."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders.money import minor_digits

NONE = "–"
LOCALES = {"es": Locale("es", "CL"), "en": Locale("en")}
"""The languages of the portal. Spanish is the default."""
# ISO 8601 in English: the day and the month cannot be mistaken for each other. CLDR's es_CL has the first order.
_DATES = {"es": "dd-MM-y", "en": "y-MM-dd"}
_DEFAULT_DIGITS = 2


def number(value: int | float | Decimal | None, locale: str, decimals: int = 0) -> str:
    """With the locale's separators and so many decimals."""
    if value is None:
        return NONE
    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return format_decimal(value, format=pattern, locale=LOCALES[locale])


def money(amount: Decimal | str | None, currency: str | None, locale: str, *, bare: bool = False) -> str:
    """An amount with the decimals that ISO 4217 gives its currency; `bare` leaves the currency out."""
    if amount is None:
        return NONE
    figure = number(Decimal(amount), locale, digits_of(currency))
    return f"{currency}\u00a0{figure}" if currency and not bare else figure


def digits_of(currency: str | None) -> int:
    """The decimals of a currency; two where the order names none that ISO 4217 knows."""
    try:
        return minor_digits(currency or "")
    except RejectedOrder:
        return _DEFAULT_DIGITS


def moment(at: datetime | str | None, zone: ZoneInfo, locale: str, *, precise: bool = False) -> str:
    """Date and time in the reader's zone, to the second, or to the millisecond."""
    if at is None:
        return NONE
    given = datetime.fromisoformat(at) if isinstance(at, str) else at
    pattern = f"{_DATES[locale]} HH:mm:ss" + (".SSS" if precise else "")
    return format_datetime(given, pattern, tzinfo=zone, locale=LOCALES[locale])


def day(on: date | str | None, locale: str) -> str:
    """A date without a time; a text as ISO 8601 writes it."""
    if on is None:
        return NONE
    return format_date(date.fromisoformat(on) if isinstance(on, str) else on, _DATES[locale], LOCALES[locale])


def duration(seconds: float | Decimal | None, locale: str) -> str:
    """With the two units that matter, by their SI symbols: 340 ms, 4.2 s, 3 min 20 s, 5 h 12 min, 2 d 4 h."""
    if seconds is None:
        return NONE
    seconds = float(seconds)
    if seconds < 0.9995:
        milliseconds = seconds * 1000
        return f"{number(milliseconds, locale, 1 if 0 < milliseconds < 9.95 else 0)} ms"
    if seconds < 59.95:
        return f"{number(seconds, locale, 1)} s"
    return _two_units(int(seconds), locale)


def age(since: datetime | None, locale: str, now: datetime | None = None) -> str:
    """The time since then, in whole seconds or more."""
    if since is None:
        return NONE
    seconds = int(((now or datetime.now(UTC)) - since).total_seconds())
    return f"{max(1, seconds)} s" if seconds < 60 else _two_units(seconds, locale)


def _two_units(seconds: int, locale: str) -> str:
    units = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
    size, name, smaller, smaller_name = next((unit for unit in units if seconds >= unit[0]), units[-1])
    whole, rest = divmod(max(seconds, 60), size)
    text = f"{number(whole, locale)} {name}"
    return f"{text} {rest // smaller} {smaller_name}" if rest // smaller else text
