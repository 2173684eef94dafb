"""Our tax documents of a day against those of the system that issues them, and how long its folios last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


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
class FolioRange:
    """The folios left of those that the SII has authorised for a type (CAF), with Paperless's dates."""

    document_type: int
    left: int
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How many days the folios of a type last: until they are used up or expire, whichever comes first.

    `per_day` is how many documents of it are issued a day. None: neither is in sight.
    """

    document_type: int
    left: int
    per_day: float
    expires_on: date | None
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


def forecast(ranges: Sequence[FolioRange], per_day: Mapping[int, float], today: date) -> list[Forecast]:
    """For each type with folios, the ranges of one type taken together: its last one's expiry counts."""
    found: list[Forecast] = []
    for document_type in sorted({each.document_type for each in ranges}):
        own = [each for each in ranges if each.document_type == document_type]
        usable = [each for each in own if each.expires_on is None or each.expires_on > today]
        left, rate = sum(each.left for each in usable), per_day.get(document_type, 0.0)
        dates = [each.expires_on for each in usable]
        expires_on = None if None in dates else max((each for each in dates if each), default=today)
        ends = [int(left / rate)] if rate else []
        ends += [(expires_on - today).days] if expires_on is not None else []
        found.append(
            Forecast(
                document_type=document_type,
                left=left,
                per_day=round(rate, 2),
                expires_on=expires_on,
                lasts_days=min(ends, default=None) if left else 0,
            )
        )
    return found
