"""The delays of tries: 1, 2, 4 … seconds less up to half of that as jitter, ten tries."""

import random

MAXIMUM_TRIES = 10
# SQS delays a message by at most 15 minutes.
_LONGEST_SECONDS = 900


def delay_seconds(tries: int, base_seconds: float, random_share: float | None = None) -> float:
    """Seconds to wait after `tries` failed tries (1 for the first), doubled each time, less up to half as jitter."""
    share = random.random() if random_share is None else random_share
    return min(base_seconds * 2.0 ** (tries - 1), _LONGEST_SECONDS) * (1 - share / 2)
