"""A file of the inbox, as the event of S3 names it."""

from dataclasses import dataclass

from mtd.domain.tenants import tenant_of_key
from mtd.usecases.flow.trace import Hop, hop


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFile:
    """An object of the inbox that an S3 event names."""

    #: The queue message that must come again when the file fails.
    message_id: str
    bucket: str
    key: str
    #: In bytes.
    size: int
    hops: tuple[Hop, ...]
    #: The object's version of the event. Somebody may have overwritten the key since.
    version: str | None = None

    @property
    def source(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def tenant(self) -> str:
        """The tenant that its key names."""
        return tenant_of_key(self.key)


def arrival_hops(event_time: str, s3_request_id: str | None, sent_at: str, message_id: str) -> tuple[Hop, ...]:
    """The hops before the function: the object, then its event in the queue."""
    return (
        hop("S3", "object created", at=event_time, request_id=s3_request_id),
        hop("SQS", "inbox-events", at=sent_at, request_id=message_id),
    )
