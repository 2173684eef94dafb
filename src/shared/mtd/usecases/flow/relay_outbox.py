"""Every minute: send messages that a crash left, and wake tokens and mails that no function has taken up."""

from typing import Protocol

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.usecases.flow.changes import Message

_OLDER_THAN_SECONDS = 20
# Under load a token's message may wait in its queue for minutes. A second message about a token does no harm.
_FORGOTTEN_SECONDS = 900
_LONGEST_SECONDS = 86_400
_BATCH = 1_000


class Outbox(Protocol):
    """The outbox of PostgreSQL with its sender."""

    def resend_unsent(self, older_than_seconds: int, limit: int) -> int:
        """Send the messages that are still there, then delete them, in one transaction."""
        ...

    def forgotten(self, forgotten_seconds: int, limit: int | None) -> list[Message]:
        """The messages of tokens without a lease and of mails that were due so many seconds ago.

        With 0 it takes every token and mail, also those that wait for a retry: they become due at once.
        """
        ...

    def send(self, messages: list[Message]) -> None: ...


def asked_seconds(event: Json) -> int | None:
    """The event's `forgotten_seconds`, or None. It serves after a loss of the queues themselves.

    Raises InvalidRequest unless it is a whole number from 0 to a day.
    """
    if "forgotten_seconds" not in event:
        return None
    asked = event["forgotten_seconds"]
    if type(asked) is not int or not 0 <= asked <= _LONGEST_SECONDS:
        raise InvalidRequest(
            f"forgotten_seconds must be a whole number from 0 to {_LONGEST_SECONDS}", code="forgotten_seconds_malformed"
        )
    return asked


def relay_outbox(outbox: Outbox, forgotten_seconds: int | None = None) -> Json:
    """Send the messages that are due. Returns how many of each sort. `forgotten_seconds` takes all that are so old."""
    unsent = outbox.resend_unsent(_OLDER_THAN_SECONDS, _BATCH)
    if forgotten_seconds is None:
        forgotten = outbox.forgotten(_FORGOTTEN_SECONDS, _BATCH)
    else:
        forgotten = outbox.forgotten(forgotten_seconds, None)
    outbox.send(forgotten)
    return {"unsent": unsent, "forgotten": len(forgotten)}
