"""The time zone of days, dates and crontabs: Chile's, where the retailer and the tax authority are."""

from functools import cache
from zoneinfo import ZoneInfo

ZONE = "America/Santiago"


@cache
def business_zone() -> ZoneInfo:
    """The zone, read once."""
    return ZoneInfo(ZONE)
