"""The day of a tax document is the issuer's: Chile's, not UTC's."""

from datetime import date, datetime

from mtd.domain.business_zone import business_zone


def issuing_day(moment: datetime) -> date:
    """The day in Chile at that moment, which has a time zone ([F] field 4: the contable date)."""
    if moment.tzinfo is None:
        raise ValueError("the moment has no time zone")
    return moment.astimezone(business_zone()).date()
