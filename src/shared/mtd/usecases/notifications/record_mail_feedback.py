"""What SES tells of a mail after it was sent: a bounce or a complaint becomes an event of its order, and the address
gets no more mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.usecases.flow.trace import Hop


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A mail that bounced or was complained about; `what` is `bounced` or `complained`.

    `addresses` are those that it is final for: a full mailbox or a server out of order is none.
    """

    message_id: str
    order_id: UUID
    kind: str
    what: str
    at: str
    reason: str
    addresses: tuple[str, ...]
    hops: tuple[Hop, ...] = ()


class FeedbackStore(Protocol):
    """The mails and suppressed addresses of PostgreSQL; one transaction."""

    def record(self, feedback: Sequence[Feedback], function: str, request_id: str) -> int:
        """How many mails it was news for."""
        ...


def record_mail_feedback(feedback: Sequence[Feedback], store: FeedbackStore, function: str, request_id: str) -> int:
    """Record what is new, each once however often SNS tells it; how many mails that were."""
    return store.record(feedback, function, request_id) if feedback else 0


def read_feedback(event: Json, hops: tuple[Hop, ...]) -> Feedback | None:
    """An event as SES publishes it to SNS; None when it is about no mail of an order, as SNS's first test message is.

    Source: Amazon SES, "Contents of event data that Amazon SES publishes to Amazon SNS". Raises InvalidRequest,
    LookupError, TypeError or ValueError for what is no such event.
    """
    kind = event.get("eventType")
    if kind == "Bounce":
        about, final = event["bounce"], event["bounce"]["bounceType"] == "Permanent"
        people = about["bouncedRecipients"]
        reason = " ".join(str(about[name]) for name in ("bounceType", "bounceSubType") if about.get(name))
    elif kind == "Complaint":
        about, final = event["complaint"], True
        people = about["complainedRecipients"]
        reason = str(about.get("complaintFeedbackType") or "complaint")
    elif "eventType" in event:
        raise InvalidRequest(
            f"SES sent an event of the type {str(kind)[:50]!r}, which the configuration set does not ask for",
            code="mail_event_unknown",
        )
    else:
        return None
    tags = event["mail"].get("tags") or {}
    if "order_id" not in tags:
        return None
    return Feedback(
        message_id=str(event["mail"]["messageId"]),
        order_id=UUID(tags["order_id"][0]),
        kind=str(tags["kind"][0]),
        what="bounced" if kind == "Bounce" else "complained",
        at=datetime.fromisoformat(about["timestamp"]).isoformat(),
        reason=reason[:200],
        addresses=tuple(str(person["emailAddress"]) for person in people) if final else (),
        hops=hops,
    )
