"""Which messages follow from changes: tokens to look at, now or later, and mails to send."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mtd.domain.json_types import Json
from mtd.engine.model.tokens import Waits
from mtd.usecases.flow.cases import LONGEST_DELAY_SECONDS, Changes, Message

TOKENS_PER_MESSAGE = 100
MAILS_PER_MESSAGE = 50


def _chunks[T](items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (items[i : i + size] for i in range(0, len(items), size))


def token_messages(tokens: Sequence[Json], delay_seconds: int = 0) -> list[Message]:
    """Messages that ask to look at these tokens, a hundred to each."""
    return [
        Message(
            destination="transitions",
            body={"tokens": [{"token_id": t["token_id"], "version": t["version"]} for t in chunk]},
            delay_seconds=delay_seconds,
        )
        for chunk in _chunks(tokens, TOKENS_PER_MESSAGE)
    ]


def transitions(changes: Sequence[Changes], inserted: Sequence[Mapping[str, Any]]) -> list[Message]:
    """One message for all tokens that may go on at once, one for each whole second of delay for the others."""
    by_delay: dict[int, list[Json]] = defaultdict(list)
    for token in inserted:
        delay = _due(token["waits"], token["due_seconds"])
        if delay is not None:
            by_delay[delay].append({"token_id": token["token_id"], "version": token["version"]})
    for each in changes:
        for move in each.moves:
            delay = _due(move["waits"], _seconds_until(move.get("due_at")))
            if delay is not None:
                by_delay[delay].append({"token_id": move["token_id"], "version": move["version"] + 1})
        for again in each.retries:
            delay = math.ceil(again["delay_seconds"]) if again["delay_seconds"] >= 1 else round(again["delay_seconds"])
            by_delay[delay].append({"token_id": again["token_id"], "version": again["version"] + 1})
        for look in each.looks:
            by_delay[look["delay_seconds"]].append({"token_id": look["token_id"], "version": look["version"]})
    return [message for delay, tokens in by_delay.items() for message in token_messages(tokens, delay)]


def _seconds_until(moment: str | None) -> float:
    return (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds() if moment else 0.0


def _due(waits: str, seconds: float) -> int | None:
    """After how many seconds someone is to look at the token; None when a person, a message or another token wakes it.

    A timer that is due later than a queue can delay is `watch_deadlines`'s to wake.
    """
    if waits == Waits.SERVICE:
        return 0
    if waits == Waits.TIME and seconds < LONGEST_DELAY_SECONDS:
        return math.floor(max(seconds, 0)) + 1
    return None


def notifications(changes: Sequence[Changes]) -> list[Message]:
    """Messages for the mails that the changes ask for."""
    mails = [mail for each in changes for mail in each.mails]
    return [Message(destination="notifications", body={"mails": list(c)}) for c in _chunks(mails, MAILS_PER_MESSAGE)]
