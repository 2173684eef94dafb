import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from tests.unit.support.fakes import FakeMailer
from tests.unit.usecases.intake.test_register_and_notify import Box, due, requested

from mtd.domain.errors import MtdError
from mtd.usecases.notifications.notify_customer import DueMail, notify_customer
from mtd.usecases.notifications.record_mail_feedback import Feedback, read_feedback, record_mail_feedback

ORDER = "0f8fad5b-d9cb-469f-a165-70867728950e"
MAIL = {"messageId": "m-1", "tags": {"order_id": [ORDER], "kind": ["being_processed"]}}
# As SES's documentation shows them, shortened.
BOUNCE = {
    "eventType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "Gone@example.cl", "status": "5.1.1"}],
        "timestamp": "2026-11-20T00:41:02.669Z",
    },
    "mail": MAIL,
}
COMPLAINT = {
    "eventType": "Complaint",
    "complaint": {
        "complainedRecipients": [{"emailAddress": "ana@example.cl"}],
        "complaintFeedbackType": "abuse",
        "timestamp": "2026-11-20T00:41:02.669Z",
    },
    "mail": MAIL,
}


def changed(event: dict[str, Any], *path: str, to: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(event))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    return copy


def test_a_bounce_names_its_order_and_the_address_that_gets_no_more() -> None:
    assert read_feedback(BOUNCE, ()) == Feedback(
        message_id="m-1",
        order_id=UUID(ORDER),
        kind="being_processed",
        what="bounced",
        at="2026-11-20T00:41:02.669000+00:00",
        reason="Permanent General",
        addresses=("Gone@example.cl",),
    )


def test_a_full_mailbox_is_recorded_and_the_address_still_gets_mails() -> None:
    full = read_feedback(changed(BOUNCE, "bounce", "bounceType", to="Transient"), ())

    assert full is not None
    assert (full.what, full.addresses) == ("bounced", ())


def test_a_complaint_is_final() -> None:
    complaint = read_feedback(COMPLAINT, ())

    assert complaint is not None
    assert (complaint.what, complaint.reason, complaint.addresses) == ("complained", "abuse", ("ana@example.cl",))


@pytest.mark.parametrize(
    "event", [{"notificationType": "AmazonSnsSubscriptionSucceeded"}, changed(BOUNCE, "mail", to={})]
)
def test_an_event_about_no_mail_of_an_order_is_passed_over(event: dict[str, Any]) -> None:
    assert read_feedback(event, ()) is None


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "Open", "mail": MAIL},
        {"eventType": "Bounce"},
        changed(BOUNCE, "mail", "tags", "order_id", to=["no uuid"]),
        changed(BOUNCE, "mail", "tags", "order_id", to=[]),
        changed(BOUNCE, "bounce", "timestamp", to="yesterday"),
        changed(BOUNCE, "bounce", "timestamp", to=3),
        changed(BOUNCE, "bounce", "bouncedRecipients", to=[{}]),
        changed(BOUNCE, "bounce", to=[]),
    ],
)
def test_a_message_that_is_no_event_of_ses_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises((MtdError, LookupError, TypeError, ValueError, AttributeError)):
        read_feedback(event, ())


@dataclass(slots=True)
class Store:
    recorded: list[Feedback] = field(default_factory=list)

    def record(self, feedback: Sequence[Feedback], function: str, request_id: str) -> int:
        assert (function, request_id) == ("f", "r")
        self.recorded += feedback
        return len(feedback)


def test_no_feedback_records_nothing() -> None:
    bounce = read_feedback(BOUNCE, ())
    assert bounce is not None
    store = Store()

    assert record_mail_feedback([], store, "f", "r") == 0
    assert record_mail_feedback([bounce], store, "f", "r") == 1
    assert store.recorded == [bounce]


def suppressed(mail: DueMail, why: str) -> DueMail:
    values = {name: getattr(mail, name) for name in DueMail.__slots__}
    return DueMail(**{**values, "suppressed": why})


def test_no_mail_goes_where_one_bounced_or_was_complained_about() -> None:
    mails = [suppressed(due(1, "a@x.cl"), "bounced"), due(2, "b@x.cl"), suppressed(due(3, "c@x.cl"), "complained")]
    box, mailer = Box(mails), FakeMailer()

    again = notify_customer(requested(mails), box, mailer, "f", "r")

    assert again == 0
    assert [mail.to for mail in mailer.mails] == ["b@x.cl"]
    assert [result.status for result in box.results] == ["failed", "sent", "failed"]
    assert box.results[2].reason == "not sent: an earlier mail to this address was complained about"
    assert box.events[0].detail["reason"] == "not sent: an earlier mail to this address bounced"
