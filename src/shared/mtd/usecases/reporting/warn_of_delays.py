"""Warns of orders that will break their promised dispatch date, or that are about to pass a state's target."""

from typing import Protocol

from mtd.domain.business_zone import ZONE

_EARLY = 0.8
"""The share of a state's target at which the warning comes."""
_FEWEST = 20
"""The number of orders that a prediction needs."""
_PAGE, _MOST_PAGES = 1_000, 20


class Warnings(Protocol):
    """The warnings of PostgreSQL."""

    def warn(self, zone: str, early: float, fewest: int, limit: int) -> int:
        """Write and send new warnings, at most `limit`, in one transaction. Returns how many.

        A promise is kept until the end of its day in `zone`.
        """
        ...

    def acknowledge(self, warning_id: int, person: str) -> bool:
        """Acknowledge a warning. Returns whether there was an open one."""
        ...


def warn_of_delays(warnings: Warnings) -> int:
    """Give the new warnings. Returns how many."""
    given = 0
    for _ in range(_MOST_PAGES):
        page = warnings.warn(ZONE, _EARLY, _FEWEST, _PAGE)
        given += page
        if page < _PAGE:
            break
    return given
