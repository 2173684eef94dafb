"""The pace of an operation: its rate, the watch over its canary, and its stop by itself."""

import math
from dataclasses import dataclass

from mtd.domain.json_types import Json

_SLICE, _WATCHED_SLICE = 100, 25
_SMALLEST_SAMPLE = 10
CANARY_STOPS_AT = 0.2
"""The share of errors above which a canary stops its operation, unless the person gave another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation under lease. The fields are those of `bulk_operations.NewOperation`."""

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
    """The progress of an operation, in numbers of orders."""

    total: int
    pending: int
    done: int
    refused: int
    #: Orders that were done and failed again.
    came_back: int
    #: Orders that were done and whose next step is not finished.
    unsettled: int
    quiet_seconds: float


def too_many_errors(operation: Operation, progress: Progress) -> str | None:
    """The reason why the operation must stop by itself, or None."""
    if operation.stop_at is None or operation.dry_run:
        return None
    worked, errors = progress.done + progress.refused, progress.refused + progress.came_back
    sample = min(operation.canary or _SMALLEST_SAMPLE, progress.total)
    if worked < sample or not worked or errors / worked <= operation.stop_at:
        return None
    return f"{errors} of {worked} orders failed, more than {operation.stop_at:.0%}"


def canary_is_watched(operation: Operation, progress: Progress) -> bool:
    """Whether the canary's orders are done and their next steps are not finished."""
    worked = progress.done + progress.refused
    return (
        operation.canary is not None
        and not operation.dry_run
        and worked == operation.canary
        and progress.pending > 0
        and progress.unsettled > 0
    )


def slice_size(operation: Operation, progress: Progress) -> int:
    """The size of the next slice: a second's orders at a rate; small where errors are watched, to stop in time."""
    size = _SLICE if operation.stop_at is None or operation.dry_run else _WATCHED_SLICE
    if operation.rate is not None:
        size = min(size, math.ceil(operation.rate))
    worked = progress.done + progress.refused
    if operation.canary is not None and worked < operation.canary:
        size = min(size, operation.canary - worked)
    return size
