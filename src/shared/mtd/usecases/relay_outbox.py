"""Every minute: send what a crash kept from being sent, and look again at tokens and mails that nobody looks at."""

from typing import Protocol

from mtd.usecases.ports import Json, Message

_OLDER_THAN_SECONDS = 20
# A token may rest in a long queue for minutes under load; only an older one is forgotten. Looking twice is harmless.
_FORGOTTEN_SECONDS = 900
_BATCH = 1_000


class Outbox(Protocol):
    """The outbox of PostgreSQL with its sender."""

    def resend_unsent(self, older_than_seconds: int, limit: int) -> int:
        """Send the messages that are still there, then delete them, in one transaction."""
        ...

    def forgotten(self, forgotten_seconds: int, limit: int) -> list[Message]: ...

    def send(self, messages: list[Message]) -> None: ...


def relay_outbox(outbox: Outbox) -> Json:
    """Send what is due; how many messages of each sort."""
    unsent = outbox.resend_unsent(_OLDER_THAN_SECONDS, _BATCH)
    forgotten = outbox.forgotten(_FORGOTTEN_SECONDS, _BATCH)
    outbox.send(forgotten)
    return {"unsent": unsent, "forgotten": len(forgotten)}
