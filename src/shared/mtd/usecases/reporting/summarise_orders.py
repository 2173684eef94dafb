"""Every minute: the figures of hours and days are brought up to what has happened, page by page of events.

A page is one transaction with its mark, so that nothing is counted twice or left out. What follows from an order's row
(how it ended, its amount) is counted anew for the hours in which the orders came that something happened to; what
follows from events alone (how long orders stay in states) is added up.
"""

from typing import Protocol

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json

ZONE = "America/Santiago"
"""Where days begin."""
HORIZON_SECONDS = 30
"""An event is counted when it is that old: longer than any function that writes events may run."""
_PAGE = 20_000
_MOST_PAGES = 50


class Summaries(Protocol):
    """The figures in PostgreSQL."""

    def add_page(self, zone: str, horizon_seconds: int, limit: int) -> int:
        """Count the next events, at most so many, in one transaction; how many."""
        ...

    def foretell(self) -> None:
        """Work out what remains for an order in each state, by the orders of the last days."""
        ...


def asked_horizon(event: Json) -> int:
    """The event's `horizon_seconds`, for whoever cannot wait; else the usual. Raises InvalidRequest."""
    asked = event.get("horizon_seconds", HORIZON_SECONDS)
    if type(asked) is not int or not 0 <= asked <= 3_600:
        raise InvalidRequest("horizon_seconds must be a whole number from 0 to 3600", code="horizon_seconds_malformed")
    return asked


def summarise_orders(summaries: Summaries, horizon_seconds: int = HORIZON_SECONDS) -> Json:
    """How many events were counted. More than 50 pages are left for the next time."""
    counted = 0
    for _ in range(_MOST_PAGES):
        page = summaries.add_page(ZONE, horizon_seconds, _PAGE)
        counted += page
        if page == 0:
            break
    if counted:
        summaries.foretell()
    return {"events": counted}
