"""SNS, and the sender of outbox messages to queues and topics."""

import json
from collections.abc import Mapping, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from mtd.adapters.aws.clients import client
from mtd.adapters.aws.queues import SqsQueues
from mtd.domain.errors import UnavailableError
from mtd.usecases.flow.changes import Message


class Outgoing:
    """`topics` maps destinations that are topics to their ARNs; the others are queues."""

    def __init__(self, queues: SqsQueues, topics: Mapping[str, str]) -> None:
        self._queues = queues
        self._topics = topics

    def send_all(self, messages: Sequence[Message]) -> None:
        """Send all messages. Raises UnavailableError when a service does not take one."""
        self._queues.send_all([each for each in messages if each.destination not in self._topics])
        for message in messages:
            if (arn := self._topics.get(message.destination)) is not None:
                self._publish(arn, f"MTD: {message.destination}", message)

    @staticmethod
    def _publish(arn: str, subject: str, message: Message) -> None:
        try:
            client("sns").publish(TopicArn=arn, Subject=subject, Message=json.dumps(message.body, ensure_ascii=False))
        except (ClientError, BotoCoreError) as error:
            raise UnavailableError(f"SNS {message.destination}: {error}", code="sns_unavailable") from error
