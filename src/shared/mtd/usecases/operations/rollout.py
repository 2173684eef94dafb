"""How fast an operation goes, how its canary is watched, and when it stops by itself."""

import math
from dataclasses import dataclass

from mtd.domain.json_types import Json

_SLICE, _WATCHED_SLICE = 100, 25
_SMALLEST_SAMPLE = 10
CANARY_STOPS_AT = 0.2
"""The share of errors above which a canary stops its operation, where nothing else was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One under lease."""

    operation_id: int
    action: str
    person: str
    reason: str
    arguments: Json
    dry_run: bool
    canary: int | None
    rate: float | None
    stop_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is. `came_back` are those done that failed again, `unsettled` those
    whose step, where they were put, is not done yet.
    """

    total: int
    pending: int
    done: int
    refused: int
    came_back: int
    unsettled: int
    quiet_seconds: float


def too_many_errors(operation: Operation, progress: Progress) -> str | None:
    """Why it is to stop by itself, if it is."""
    if operation.stop_at is None or operation.dry_run:
        return None
    worked, errors = progress.done + progress.refused, progress.refused + progress.came_back
    sample = min(operation.canary or _SMALLEST_SAMPLE, progress.total)
    if worked < sample or not worked or errors / worked <= operation.stop_at:
        return None
    return f"{errors} of {worked} orders failed, more than {operation.stop_at:.0%}"


def canary_is_watched(operation: Operation, progress: Progress) -> bool:
    """Whether the canary has gone and it is not known yet how it fares."""
    worked = progress.done + progress.refused
    return (
        operation.canary is not None
        and not operation.dry_run
        and worked == operation.canary
        and progress.pending > 0
        and progress.unsettled > 0
    )


def slice_size(operation: Operation, progress: Progress) -> int:
    """At a rate, a second's worth; with errors to watch, few enough that stopping comes in time."""
    size = _SLICE if operation.stop_at is None or operation.dry_run else _WATCHED_SLICE
    if operation.rate is not None:
        size = min(size, math.ceil(operation.rate))
    worked = progress.done + progress.refused
    if operation.canary is not None and worked < operation.canary:
        size = min(size, operation.canary - worked)
    return size
