"""Our tax documents of a day against those of the system that issues them, and how long its folios last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mtd.domain.tax.folios import FolioRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A tax document as one side knows it. `key` is its idempotency key; the amount is in the order's currency."""

    key: str
    document_type: int
    folio: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`missing_here`, `missing_there`, or both sides have it and its `type`, `folio` or `amount` is another."""

    kind: str
    key: str
    ours: Issued | None
    theirs: Issued | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How long the folios of a series last: until they are used up or lapse, whichever comes first."""

    #: The issuer's RUT; None where Paperless does not name it.
    issuer: str | None
    document_type: int
    left: int
    #: Documents of the series a day.
    per_day: float
    expires_on: date | None
    #: Days. None where neither end is in sight.
    lasts_days: int | None


def differences(ours: Sequence[Issued], theirs: Sequence[Issued]) -> list[Difference]:
    """By the documents' keys, in their order; one with another type and amount is told once for each."""
    here, there = {each.key: each for each in ours}, {each.key: each for each in theirs}
    found: list[Difference] = []
    for key in sorted(here.keys() | there.keys()):
        mine, other = here.get(key), there.get(key)
        if mine is None or other is None:
            kind = "missing_here" if mine is None else "missing_there"
            found.append(Difference(kind=kind, key=key, ours=mine, theirs=other))
            continue
        kinds = {
            "type": mine.document_type != other.document_type,
            "folio": mine.document_type == other.document_type and mine.folio != other.folio,
            "amount": mine.amount is not None and other.amount is not None and mine.amount != other.amount,
        }
        found += [Difference(kind=kind, key=key, ours=mine, theirs=other) for kind, is_so in kinds.items() if is_so]
    return found


def forecast(
    ranges: Sequence[FolioRange], per_day: Mapping[tuple[str | None, int], float], today: date
) -> list[Forecast]:
    """One forecast for each series. The ranges of a series count together, and its last one's expiry.

    `per_day` has the documents a day by issuer and kind. A range without an issuer counts the documents of all issuers.
    """
    found: list[Forecast] = []
    for issuer, document_type in sorted({(each.issuer, each.document_type) for each in ranges}, key=_by_kind):
        own = [each for each in ranges if (each.issuer, each.document_type) == (issuer, document_type)]
        usable = [each for each in own if not each.lapsed(today)]
        left = sum(each.left for each in usable)
        rate = sum(number for (who, kind), number in per_day.items() if kind == document_type and issuer in (None, who))
        dates = [each.expires_on for each in usable]
        expires_on = None if None in dates else max((each for each in dates if each), default=today)
        ends = [int(left / rate)] if rate else []
        ends += [(expires_on - today).days] if expires_on is not None else []
        found.append(
            Forecast(
                issuer=issuer,
                document_type=document_type,
                left=left,
                per_day=round(rate, 2),
                expires_on=expires_on,
                lasts_days=min(ends, default=None) if left else 0,
            )
        )
    return found


def _by_kind(series: tuple[str | None, int]) -> tuple[int, str]:
    return series[1], series[0] or ""
