"""Turns a message of a waiting queue, of this instance or of an AWS account, into an event for a local read_queue."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from devenv.aws import Clients
from devenv.instance import ACCOUNT, ENVIRONMENT, REGION, Instance
from devenv.problem import Problem
from devenv.running import Running

type Message = dict[str, Any]

# Enough to read through the queue. At a breakpoint it may run out; the message is then visible again, and not lost.
_LOOK_SECONDS = 60
_MOST_MESSAGES = 10_000


@contextmanager
def borrowed_message(clients: Clients, environment: str, number: str) -> Iterator[Message]:
    """Receives the waiting message of that order number or message id and makes it visible again at the end. All other
    messages become visible at once. Raises Problem when no message matches."""
    queue = clients.client("sqs")
    try:
        url = queue.get_queue_url(QueueName=f"mtd-{environment}-waiting")["QueueUrl"]
    except queue.exceptions.QueueDoesNotExist as error:
        raise Problem(
            f"The queue mtd-{environment}-waiting does not exist.",
            fix="Check the environment, AWS_PROFILE and AWS_ENDPOINT_URL.",
        ) from error
    found: Message | None = None
    others: dict[str, str] = {}
    try:
        while found is None and len(others) < _MOST_MESSAGES:
            messages = queue.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=_LOOK_SECONDS,
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["All"],
            ).get("Messages", [])
            if not messages:
                break
            for message in messages:
                if found is None and number in (_number(message), message["MessageId"]):
                    found = message
                else:
                    others[message["MessageId"]] = message["ReceiptHandle"]
        _give_back(queue, url, list(others.values()))
        others.clear()
        if found is None:
            raise Problem(f"No order {number} waits in {environment}.", fix="'mtd waiting' lists the waiting orders.")
        yield found
    finally:
        _give_back(queue, url, [*others.values(), *([found["ReceiptHandle"]] if found else [])])


def event_of(message: Message) -> dict[str, Any]:
    """The event that Lambda makes of a first receive, so that a failure is not counted as one more try."""
    attributes = message["Attributes"]
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": attributes
        | {
            "ApproximateReceiveCount": "1",
            "ApproximateFirstReceiveTimestamp": attributes.get(
                "ApproximateFirstReceiveTimestamp", attributes["SentTimestamp"]
            ),
        },
        "messageAttributes": message.get("MessageAttributes", {}),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:mtd-{ENVIRONMENT}-orders",
        "awsRegion": REGION,
    }
    return {"Records": [record]}


def with_order_copied(message: Message, source: Clients, running: Running) -> Message:
    """The message, and the order that it refers to copied into this instance's inbox, because a local function reads no
    other bucket."""
    body = _body(message)
    reference = body.get("reference")
    if not isinstance(reference, dict) or {"bucket", "key"} - reference.keys():
        return message
    try:
        content = source.client("s3").get_object(Bucket=reference["bucket"], Key=reference["key"])["Body"].read()
    except source.client("s3").exceptions.NoSuchKey:
        return message  # a missing file may be the reason why the order waits
    bucket = running.output("InboxBucket")
    running.clients.client("s3").put_object(Bucket=bucket, Key=reference["key"], Body=content)
    return message | {"Body": json.dumps(body | {"reference": reference | {"bucket": bucket}})}


def source_of(instance: Instance, running: Running, environment: str | None) -> Clients:
    """The clients of the waiting queue's account: this instance, the account of AWS_PROFILE, or AWS_ENDPOINT_URL."""
    if environment is None:
        return running.clients
    return Clients(instance.setting("AWS_ENDPOINT_URL") or None)


def _give_back(queue: Any, url: str, receipts: list[str]) -> None:
    for start in range(0, len(receipts), 10):
        entries = [
            {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
            for place, receipt in enumerate(receipts[start : start + 10])
        ]
        queue.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def _body(message: Message) -> dict[str, Any]:
    try:
        body = json.loads(message["Body"])
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _number(message: Message) -> object:
    return _body(message).get("number")
