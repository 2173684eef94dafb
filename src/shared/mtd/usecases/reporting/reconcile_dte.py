"""Every morning, and by hand: compare a day's tax documents with Paperless's, and forecast how long the folios last.

Both sides keep a document's idempotency key. MTD asks Paperless by that key for a document that Paperless's list lacks
before it counts as missing: near midnight the two sides may date it differently.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

from mtd.domain.business_zone import ZONE
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.domain.tax.folios import FolioRange
from mtd.domain.tax.reconciliation import Difference, Forecast, Issued, differences, forecast
from mtd.usecases.ports import IssuedDte

RATE_DAYS = 7
"""The days whose documents make the rate of a forecast."""
_OLDEST_DAYS = 400


class PaperlessRegister(Protocol):
    """Paperless's own lists."""

    def issued_on(self, day: date) -> list[Issued]: ...

    def folio_ranges(self) -> list[FolioRange]: ...

    def recover(self, key: str) -> IssuedDte | None: ...


class Documents(Protocol):
    """The tax documents of PostgreSQL, credit notes too."""

    def today(self, zone: str) -> date: ...

    def issued(self, day: date, zone: str, keys: Sequence[str]) -> list[Issued]:
        """The documents of that day, and those with these keys of any day."""
        ...

    def per_day(self, days: int) -> dict[tuple[str | None, int], float]:
        """The documents a day of each issuer and kind, over the last days."""
        ...

    def store(self, day: date, counts: Json, found: Sequence[Difference], folios: Sequence[Forecast]) -> None:
        """Keep the result. New differences are open; differences that no longer exist are deleted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The result of a reconciliation."""

    day: date
    ours: int
    theirs: int
    found: tuple[Difference, ...]
    folios: tuple[Forecast, ...]

    @property
    def least_days(self) -> int | None:
        """The days until the first series runs out of folios."""
        return min((each.lasts_days for each in self.folios if each.lasts_days is not None), default=None)


def asked_day(text: str | None, today: date) -> date:
    """The day of the request, or yesterday. Raises InvalidRequest."""
    if not text:
        return today - timedelta(days=1)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text!r} is not a date: write it as 2026-09-18", code="day_malformed") from None
    if not today - timedelta(days=_OLDEST_DAYS) <= day <= today:
        raise InvalidRequest(f"day must be one of the last {_OLDEST_DAYS} days", code="day_out_of_range")
    return day


def reconcile_dte(day_text: str | None, register: PaperlessRegister, documents: Documents) -> Reconciled:
    """Compare the day, and keep the result. Raises InvalidRequest, RetryableError when Paperless does not answer."""
    today = documents.today(ZONE)
    day = asked_day(day_text, today)
    theirs = register.issued_on(day)
    ours = documents.issued(day, ZONE, [each.key for each in theirs])
    found = [each for each in differences(ours, theirs) if not _is_dated_otherwise(each, register)]
    folios = forecast(register.folio_ranges(), documents.per_day(RATE_DAYS), today)
    documents.store(day, {"ours": len(ours), "theirs": len(theirs)}, found, folios)
    return Reconciled(day=day, ours=len(ours), theirs=len(theirs), found=tuple(found), folios=tuple(folios))


def _is_dated_otherwise(difference: Difference, register: PaperlessRegister) -> bool:
    if difference.kind != "missing_there" or difference.ours is None:
        return False
    known = register.recover(difference.key)
    if known is None:
        return False
    same = replace(difference.ours, document_type=known.document_type, folio=known.folio)
    return same == difference.ours
