"""The rate of IVA (VAT) by day."""

from datetime import date
from decimal import Decimal

from mtd.domain.errors import BusinessError

FIRST_DAY, LAST_DAY = date(2003, 4, 1), date(2050, 12, 31)
"""Days on which a document may be issued ([F] field 4)."""

IVA = (
    (date(1990, 7, 1), Decimal("0.18")),  # Ley 18.985
    (date(2003, 10, 1), Decimal("0.19")),  # Ley 19.888
)
"""Rates and the day on which each comes into force, in their order; the next change is a line here."""


def rate_on(day: date) -> Decimal:
    """The share of the net that IVA is on that day.

    Raises BusinessError with code `date_out_of_range` for a day on which no document can be issued.
    """
    if not FIRST_DAY <= day <= LAST_DAY:
        raise BusinessError(
            f"a tax document cannot be of {day}: the SII takes {FIRST_DAY} to {LAST_DAY}", code="date_out_of_range"
        )
    return [rate for since, rate in IVA if since <= day][-1]
