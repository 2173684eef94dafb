"""Numbers, money, times and durations as people read them; no value is a dash."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

NONE = "–"
_NO_DECIMALS = frozenset({"CLP", "JPY", "KRW", "PYG", "VND", "ISK", "CLF"})
_DATES = {"es": "%d-%m-%Y", "en": "%Y-%m-%d"}
_SEPARATORS = {"es": (".", ","), "en": (",", ".")}


def number(value: int | float | Decimal | None, locale: str, decimals: int = 0) -> str:
    """With the locale's separators."""
    if value is None:
        return NONE
    thousands, point = _SEPARATORS[locale]
    return f"{value:,.{decimals}f}".replace(",", "\0").replace(".", point).replace("\0", thousands)


def money(amount: Decimal | str | None, currency: str | None, locale: str, *, bare: bool = False) -> str:
    """An amount with as many decimals as its currency has; `bare` leaves the currency unsaid."""
    if amount is None:
        return NONE
    figure = number(Decimal(amount), locale, 0 if currency in _NO_DECIMALS else 2)
    return f"{currency}\u00a0{figure}" if currency and not bare else figure


def moment(at: datetime | str | None, zone: ZoneInfo, locale: str, *, precise: bool = False) -> str:
    """Date and time in the reader's zone, to the second, or to the millisecond."""
    if at is None:
        return NONE
    local = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(zone)
    told = local.strftime(f"{_DATES[locale]} %H:%M:%S")
    return f"{told}.{local.microsecond // 1000:03}" if precise else told


def day(on: object, locale: str) -> str:
    """A date without a time."""
    told = getattr(on, "strftime", None)
    return str(told(_DATES[locale])) if told else NONE


def duration(seconds: float | Decimal | None, locale: str) -> str:
    """With the two units that matter: 340 ms, 4.2 s, 3 min 20 s, 5 h 12 min, 2 d 4 h."""
    if seconds is None:
        return NONE
    seconds = float(seconds)
    if seconds < 0.9995:
        milliseconds = seconds * 1000
        return f"{number(milliseconds, locale, 1 if 0 < milliseconds < 9.95 else 0)} ms"
    if seconds < 59.95:
        return f"{number(seconds, locale, 1)} s"
    for size, name, smaller, smaller_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole} {name} {rest // smaller} {smaller_name}" if rest // smaller else f"{whole} {name}"
    return f"{seconds:.0f} s"


def age(since: datetime | None, locale: str, now: datetime | None = None) -> str:
    """How long ago."""
    if since is None:
        return NONE
    seconds = ((now or datetime.now(UTC)) - since).total_seconds()
    return (
        duration(max(1.0, float(int(seconds))) if seconds < 60 else seconds, locale)
        .replace(".0 s", " s")
        .replace(",0 s", " s")
    )
