"""SQS `mail-feedback`: SES reports mails that bounced, and mails that a reader called spam."""

from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.notifications.mailbox import PostgresFeedback
from mtd.config import config
from mtd.domain.json_types import Json
from mtd.entrypoints import composition, sqs
from mtd.usecases.notifications.record_mail_feedback import Feedback, read_feedback, record_mail_feedback


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    # SES sends a plain sentence to the topic when its destination is set up.
    records = [
        record for record in event["Records"] if not record["body"].startswith("Successfully validated SNS topic")
    ]
    readable, malformed = sqs.sort_out(records, _feedback)
    known = [feedback for feedback in readable if feedback is not None]
    recorded = record_mail_feedback(
        known, PostgresFeedback(composition.database()), config().function, context.aws_request_id
    )
    count(config().function, {"mails": len(known), "recorded": recorded, "malformed": len(malformed)})
    return sqs.failures(malformed)


def _feedback(record: sqs.Record, content: Json) -> Feedback | None:
    return read_feedback(content, (sqs.sqs_hop(record),))
