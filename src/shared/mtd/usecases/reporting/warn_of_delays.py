"""Orders that will break their promised dispatch date, or are about to pass a state's target: said before they do."""

from typing import Protocol

from mtd.usecases.reporting.summarise_orders import ZONE

_EARLY = 0.8
"""The share of a state's target after which it is warned of."""
_FEWEST = 20
"""Orders that must have gone this way for a prediction."""
_PAGE, _MOST_PAGES = 1_000, 20


class Warnings(Protocol):
    """The warnings of PostgreSQL."""

    def warn(self, zone: str, early: float, fewest: int, limit: int) -> int:
        """Write and send warnings that have not been given, at most so many, in one transaction; how many.

        A promise is kept until the end of its day in `zone`.
        """
        ...

    def acknowledge(self, warning_id: int, person: str) -> bool:
        """A person has seen it. Whether there was one that nobody had."""
        ...


def warn_of_delays(warnings: Warnings) -> int:
    """How many warnings were given."""
    given = 0
    for _ in range(_MOST_PAGES):
        page = warnings.warn(ZONE, _EARLY, _FEWEST, _PAGE)
        given += page
        if page < _PAGE:
            break
    return given
