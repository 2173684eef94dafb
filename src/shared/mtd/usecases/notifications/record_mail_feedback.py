"""Records SES's reports of sent mails: a bounce or a complaint becomes an event of the order, and the address gets no
further mail."""

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
    """SES's report of a bounce or a complaint."""

    message_id: str
    order_id: UUID
    kind: str
    #: `bounced` or `complained`.
    what: str
    at: str
    reason: str
    #: The addresses that get no further mail. A full mailbox or a failing server is temporary, and not among them.
    addresses: tuple[str, ...]
    hops: tuple[Hop, ...] = ()


class FeedbackStore(Protocol):
    """The mails and suppressed addresses of PostgreSQL; one transaction."""

    def record(self, feedback: Sequence[Feedback], function: str, request_id: str) -> int:
        """Record the reports. Returns the number of mails whose report was new."""
        ...


def record_mail_feedback(feedback: Sequence[Feedback], store: FeedbackStore, function: str, request_id: str) -> int:
    """Record each new report once, however often SNS sends it. Returns the number of mails."""
    return store.record(feedback, function, request_id) if feedback else 0


def read_feedback(event: Json, hops: tuple[Hop, ...]) -> Feedback | None:
    """The report in an event as SES publishes it to SNS; None for an event about no mail of an order.

    Source: Amazon SES, "Contents of event data that Amazon SES publishes to Amazon SNS". Raises InvalidRequest,
    LookupError, TypeError or ValueError for any other content.
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
