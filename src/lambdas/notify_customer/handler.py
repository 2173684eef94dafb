"""SQS `notifications`: the mails to customers that commits have asked for, and those to the people of tasks."""

from typing import Any
from uuid import UUID

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.notifications.mailbox import PostgresMailBox
from mtd.adapters.postgres.notifications.task_mails import PostgresTaskMailBox
from mtd.config import config
from mtd.domain.json_types import Json
from mtd.entrypoints import composition, sqs
from mtd.usecases.flow.changes import RequestedMail
from mtd.usecases.notifications.notify_customer import notify_customer
from mtd.usecases.notifications.tell_people import tell_people


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    messages, malformed = sqs.sort_out(event["Records"], _mails)
    wanted = [mail for _, mails, _ in messages for mail in mails]
    if any(about_tasks for _, _, about_tasks in messages):
        # Those that SES does not take now are claimed again by the next minute's message.
        tell_people(PostgresTaskMailBox(composition.database()), composition.mailer(), config().function)
    again = notify_customer(
        wanted,
        PostgresMailBox(composition.database()),
        composition.mailer(),
        config().function,
        context.aws_request_id,
        [sqs.sqs_hop(event["Records"][0])],
    )
    count(config().function, {"orders": len(wanted), "retried": again})
    # A sent mail is no longer due, so a repeated batch sends only the others.
    return sqs.failures([*(message_id for message_id, _, _ in messages if again), *malformed])


def _mails(record: sqs.Record, content: Json) -> tuple[str, list[RequestedMail], bool]:
    mails = [RequestedMail(order_id=UUID(mail["order_id"]), kind=str(mail["kind"])) for mail in content["mails"]]
    return record["messageId"], mails, bool(content.get("tasks"))
