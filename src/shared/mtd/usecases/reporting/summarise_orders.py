"""Every minute: bring the figures of hours and days up to the latest events, page by page.

One transaction counts a page and moves the mark, so that no event counts twice or is left out. Figures that follow from
an order's row (its end, its amount) are counted anew for the hours in which the page's orders came. Figures that follow
from events alone (the time in states) are added up.
"""

from typing import Protocol

from mtd.domain.business_zone import ZONE
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json

HORIZON_SECONDS = 30
"""The age at which an event counts: longer than any function that writes events may run."""
_PAGE = 20_000
_MOST_PAGES = 50


class Summaries(Protocol):
    """The figures in PostgreSQL."""

    def add_page(self, zone: str, horizon_seconds: int, limit: int) -> int:
        """Count the next events, at most `limit`, in one transaction. Returns how many."""
        ...

    def foretell(self) -> None:
        """Compute the time that remains for an order in each state, from the orders of the last days."""
        ...


def asked_horizon(event: Json) -> int:
    """The event's `horizon_seconds`, for callers that cannot wait; else the usual. Raises InvalidRequest."""
    asked = event.get("horizon_seconds", HORIZON_SECONDS)
    if type(asked) is not int or not 0 <= asked <= 3_600:
        raise InvalidRequest("horizon_seconds must be a whole number from 0 to 3600", code="horizon_seconds_malformed")
    return asked


def summarise_orders(summaries: Summaries, horizon_seconds: int = HORIZON_SECONDS) -> Json:
    """Count events, 50 pages at most. Returns how many."""
    counted = 0
    for _ in range(_MOST_PAGES):
        page = summaries.add_page(ZONE, horizon_seconds, _PAGE)
        counted += page
        if page == 0:
            break
    if counted:
        summaries.foretell()
    return {"events": counted}
