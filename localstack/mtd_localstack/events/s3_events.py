"""Puts S3's events into their queue directly, because a request for each event costs more than the put of the
object."""

import json
from typing import Any

from localstack.aws.api.sqs import Message, MessageSystemAttributeName
from localstack.services.s3.notifications import SqsNotifier
from localstack.services.sqs.models import StandardQueue, sqs_stores
from localstack.services.sqs.utils import generate_message_id
from localstack.utils.aws.arns import parse_arn
from localstack.utils.strings import md5
from localstack.utils.time import now


def put_events_directly() -> None:
    """Replace how S3 tells queues of objects; other destinations are notified as before."""
    send = SqsNotifier.notify

    def notify(self: SqsNotifier, context: Any, config: Any) -> None:
        queue = _queue(config["QueueArn"])
        if queue is None:
            send(self, context, config)
            return
        body = json.dumps(self._get_event_payload(context, config.get("Id")))
        attributes = {
            MessageSystemAttributeName.SenderId: context.account_id,
            MessageSystemAttributeName.SentTimestamp: str(now(millis=True)),
        }
        if context.xray:
            attributes[MessageSystemAttributeName.AWSTraceHeader] = context.xray
        message = Message(MessageId=generate_message_id(), MD5OfBody=md5(body), Body=body, Attributes=attributes)
        queue.put(message=message)

    SqsNotifier.notify = notify


def _queue(arn: str) -> StandardQueue | None:
    parts = parse_arn(arn)
    queue = sqs_stores[parts["account"]][parts["region"]].queues.get(parts["resource"])
    return queue if isinstance(queue, StandardQueue) else None
