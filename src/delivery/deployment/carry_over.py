"""Carries queue messages and objects over to a new stack of LocalStack, so that orders in flight go on."""

import contextlib
import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from delivery.deployment.stack import Resource, Stack
from devenv.aws import Clients
from devenv.problem import Problem

_QUIET_SECONDS = 8.0
_DEPTHS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@contextlib.contextmanager
def carried_over(clients: Clients, stack: Stack) -> Iterator[None]:
    """Waits a while for the queues to empty, and takes the remaining messages and all objects, because CloudFormation
    deletes empty buckets only. After the block it puts both into the new stack."""
    resources = stack.resources()
    _settle(clients, _queues(resources))
    messages = {_name(url): _take_messages(clients, url) for url in _queues(resources)}
    objects = {bucket: _take_objects(clients, bucket) for bucket in _buckets(resources)}
    yield
    after = stack.resources()
    for bucket in _buckets(after):
        _put_objects(clients, bucket, objects.get(bucket, []))
    for url in _queues(after):
        _put_messages(clients, url, messages.get(_name(url), []))


def _queues(resources: list[Resource]) -> list[str]:
    return [item.physical_id for item in resources if item.kind == "AWS::SQS::Queue"]


def _buckets(resources: list[Resource]) -> list[str]:
    return [item.physical_id for item in resources if item.kind == "AWS::S3::Bucket"]


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def _settle(clients: Clients, urls: list[str]) -> None:
    """Waits until the number of messages no longer changes. The waiting queue keeps its messages, and delays are
    long."""
    client = clients.client("sqs")
    deadline = time.monotonic() + _QUIET_SECONDS
    before: list[tuple[str, ...]] = []
    while time.monotonic() < deadline:
        depths = [
            tuple(client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_DEPTHS))["Attributes"].values())
            for url in urls
        ]
        if all(set(depth) == {"0"} for depth in depths) or (depths == before and not any(d[1] != "0" for d in depths)):
            return
        before = depths
        time.sleep(0.25)


def _take_messages(clients: Clients, url: str) -> list[dict[str, Any]]:
    """All messages of the queue, from LocalStack's developer endpoint, which also lists hidden and delayed messages.
    The deletion of the queue would lose those. A message that is handled twice does no harm."""
    query = urllib.parse.urlencode({"QueueUrl": url, "ShowInvisible": "true", "ShowDelayed": "true"})
    request = urllib.request.Request(
        f"{clients.endpoint}/_aws/sqs/messages?{query}", headers={"Accept": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)["ReceiveMessageResponse"]["ReceiveMessageResult"] or {}
    except (OSError, ValueError, KeyError) as error:
        raise Problem(
            f"The messages of queue {_name(url)} could not be read ({error!r}).",
            fix="Read 'mtd logs localstack'.",
        ) from error
    return [
        {
            "Body": message["Body"],
            "Attributes": {item["Name"]: item["Value"] for item in _listed(message.get("Attribute"))},
            "MessageAttributes": {item["Name"]: item["Value"] for item in _listed(message.get("MessageAttribute"))},
        }
        for message in _listed(answer.get("Message"))
    ]


def _listed(value: Any) -> list[Any]:
    """LocalStack makes this JSON from XML: a list with one element is that element, an empty list is missing."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _put_messages(clients: Clients, url: str, messages: list[dict[str, Any]]) -> None:
    client = clients.client("sqs")
    for message in messages:
        extra: dict[str, Any] = {}
        system = message.get("Attributes", {})
        if url.endswith(".fifo"):
            extra = {
                "MessageGroupId": system["MessageGroupId"],
                "MessageDeduplicationId": system["MessageDeduplicationId"],
            }
        client.send_message(
            QueueUrl=url,
            MessageBody=message["Body"],
            MessageAttributes=message.get("MessageAttributes", {}),
            **extra,
        )


def _take_objects(clients: Clients, bucket: str) -> list[dict[str, Any]]:
    """Reads and deletes every object, because CloudFormation deletes empty buckets only."""
    client = clients.client("s3")
    taken = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            stored = client.get_object(Bucket=bucket, Key=item["Key"])
            taken.append(
                {
                    "Key": item["Key"],
                    "Body": stored["Body"].read(),
                    "Metadata": stored["Metadata"],
                    "ContentType": stored["ContentType"],
                }
            )
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
    return taken


def _put_objects(clients: Clients, bucket: str, objects: list[dict[str, Any]]) -> None:
    """Puts the objects back without notifications, because receive_order has handled them already."""
    if not objects:
        return
    client = clients.client("s3")
    configuration = client.get_bucket_notification_configuration(Bucket=bucket)
    configuration.pop("ResponseMetadata", None)
    client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        for item in objects:
            client.put_object(Bucket=bucket, **item)
    finally:
        client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
