"""SQS `notifications`: the mails that commits have asked for."""

from typing import Any

from mtd.adapters.mailbox import PostgresMailBox
from mtd.adapters.metrics import count
from mtd.config import config
from mtd.entrypoints import composition, sqs
from mtd.usecases.notify_customer import notify_customer


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    records = event["Records"]
    wanted = [mail for record in records for mail in (sqs.body(record) or {}).get("mails", [])]
    again = notify_customer(
        wanted,
        PostgresMailBox(composition.database()),
        composition.mailer(),
        config().function,
        context.aws_request_id,
        [sqs.sqs_hop(records[0])],
    )
    count(config().function, {"orders": len(wanted), "retried": again})
    # Mails that were sent are no longer due: asking again for the whole batch sends just the others.
    return sqs.failures(record["messageId"] for record in records if again)
