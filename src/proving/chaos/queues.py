"""Faults of messages: receives messages and sends them again doubled, delayed or reordered."""

import time
from collections.abc import Sequence
from typing import Any

from devenv.instance import ENVIRONMENT
from proving.chaos.plan import QUEUES, FaultKind, PlannedFault
from proving.chaos.record import FaultRecord

_LOOK_SECONDS = 4.0


class MessageFaults:
    """Injects faults. It sends before it deletes, so a crash of this command loses no message."""

    def __init__(self, sqs: Any, record: FaultRecord) -> None:
        self._sqs = sqs
        self._record = record

    def strike(self, fault: PlannedFault) -> None:
        """Strikes up to `times` messages of the queue within a few seconds, or of another queue if no message comes."""
        others = [queue for queue in QUEUES if queue != fault.victim and fault.victim in QUEUES]
        for queue in (fault.victim, *others):
            if struck := self._strike(fault, queue):
                self._record.add(fault.kind, queue, struck)
                return

    def _strike(self, fault: PlannedFault, queue: str) -> int:
        url = self._sqs.get_queue_url(QueueName=f"mtd-{ENVIRONMENT}-{queue}")["QueueUrl"]
        deadline, left = time.monotonic() + _LOOK_SECONDS, fault.times
        while left and time.monotonic() < deadline:
            answer = self._sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=min(10, left), WaitTimeSeconds=1, MessageAttributeNames=["All"]
            )
            messages = answer.get("Messages", [])
            self._send(url, fault, messages)
            left -= len(messages)
        return fault.times - left

    def _send(self, url: str, fault: PlannedFault, messages: Sequence[dict[str, Any]]) -> None:
        copies = 2 if fault.kind in {FaultKind.MESSAGES_DOUBLED, FaultKind.S3_EVENTS_DOUBLED} else 1
        delay = int(fault.size) if fault.kind is FaultKind.MESSAGES_DELAYED else 0
        ordered = list(reversed(messages)) if fault.kind is FaultKind.MESSAGES_REORDERED else list(messages)
        for message in ordered:
            for _ in range(copies):
                self._sqs.send_message(
                    QueueUrl=url,
                    MessageBody=message["Body"],
                    DelaySeconds=delay,
                    MessageAttributes=message.get("MessageAttributes", {}),
                )
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
