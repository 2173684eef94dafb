"""SQS behind `ports.Queues`."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from mtd.adapters.aws.clients import client
from mtd.domain.errors import UnavailableError
from mtd.domain.json_types import Json
from mtd.usecases.flow.changes import Message
from mtd.usecases.ports import QueueMessage

_CALL_MESSAGES = 10
_CALL_BYTES = 250_000


class SqsQueues:
    """`urls` maps the queues' names (orders, waiting, transitions, notifications, operations) to their URLs."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls

    def send(self, destination: str, bodies: Sequence[str], delay_seconds: int = 0) -> None:
        for batch in _batches(bodies):
            entries = [
                {"Id": str(i), "MessageBody": body, "DelaySeconds": delay_seconds} for i, body in enumerate(batch)
            ]
            self._call("send_message_batch", destination, Entries=entries)

    def send_all(self, messages: Sequence[Message]) -> None:
        """Send outbox messages in as few calls as SQS allows."""
        groups: dict[tuple[str, int], list[str]] = {}
        for message in messages:
            key = (message.destination, message.delay_seconds)
            groups.setdefault(key, []).append(json.dumps(message.body, separators=(",", ":")))
        for (destination, delay_seconds), bodies in groups.items():
            self.send(destination, bodies, delay_seconds)

    def receive(self, destination: str, visibility_seconds: int) -> list[QueueMessage]:
        answer = self._call(
            "receive_message",
            destination,
            MaxNumberOfMessages=_CALL_MESSAGES,
            VisibilityTimeout=visibility_seconds,
            # Long polling asks every SQS server; a short poll may miss messages that are there.
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
        )
        return [
            QueueMessage(
                message_id=message["MessageId"],
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                receives=int(message["Attributes"]["ApproximateReceiveCount"]),
                sent_at=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
            )
            for message in answer.get("Messages", [])
        ]

    def delete(self, destination: str, receipts: Sequence[str]) -> None:
        for batch in _batches(receipts):
            entries = [{"Id": str(i), "ReceiptHandle": receipt} for i, receipt in enumerate(batch)]
            self._call("delete_message_batch", destination, Entries=entries)

    def change_visibility(self, destination: str, receipts: Sequence[str], seconds: int) -> None:
        for batch in _batches(receipts):
            entries = [
                {"Id": str(i), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                for i, receipt in enumerate(batch)
            ]
            self._call("change_message_visibility_batch", destination, Entries=entries)

    def _call(self, operation: str, destination: str, **parameters: object) -> Json:
        try:
            answer: Json = getattr(client("sqs"), operation)(QueueUrl=self._urls[destination], **parameters)
        except (ClientError, BotoCoreError) as error:
            raise UnavailableError(f"SQS {destination}: {error}", code="sqs_unavailable") from error
        if answer.get("Failed"):
            raise UnavailableError(f"SQS {destination} refused {answer['Failed'][0]['Message']}", code="sqs_refused")
        return answer


def _batches(bodies: Sequence[str]) -> list[list[str]]:
    """At most ten messages and 250 kB a call."""
    batches: list[list[str]] = []
    size = 0
    for body in bodies:
        length = len(body.encode())
        if not batches or len(batches[-1]) == _CALL_MESSAGES or size + length > _CALL_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(body)
        size += length
    return batches
