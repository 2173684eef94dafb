"""The messages and objects in a stack of LocalStack, which keeps both in its memory alone."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from delivery.deployment.stack import Resource, Stack
from devenv.aws import Clients
from devenv.problem import Problem

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorContent:
    """Messages by the names of their queues, and objects by the names of their buckets."""

    #: Each with MessageId, Body, Attributes and MessageAttributes.
    messages: dict[str, list[Json]] = field(default_factory=dict)
    #: The newest version of each, with Key, Body, Metadata and ContentType.
    objects: dict[str, list[Json]] = field(default_factory=dict)

    @property
    def counts(self) -> tuple[int, int]:
        """The numbers of messages and objects."""
        return sum(map(len, self.messages.values())), sum(map(len, self.objects.values()))


def queues_of(resources: Iterable[Resource]) -> list[str]:
    """The URLs of the queues."""
    return [item.physical_id for item in resources if item.kind == "AWS::SQS::Queue"]


def buckets_of(resources: Iterable[Resource]) -> list[str]:
    """The names of the buckets."""
    return [item.physical_id for item in resources if item.kind == "AWS::S3::Bucket"]


def read_content(clients: Clients, stack: Stack) -> EmulatorContent:
    """Everything in the stack's queues and buckets, which stays there.

    A message that its reader hands on meanwhile may be missed in one queue and not yet be in the next one. So all
    queues are read twice: a message that is handled twice does no harm. Raises Problem.
    """
    resources = stack.resources()
    found: dict[str, dict[str, Json]] = {}
    for url in queues_of(resources) * 2:
        messages = {message["MessageId"]: message for message in _messages(clients, url)}
        found[_name(url)] = found.get(_name(url), {}) | messages
    return EmulatorContent(
        messages={name: list(messages.values()) for name, messages in found.items()},
        objects={bucket: _objects(clients, bucket) for bucket in buckets_of(resources)},
    )


def put_content(clients: Clients, stack: Stack, content: EmulatorContent) -> dict[str, str]:
    """Puts all of it into the stack, the objects first. Returns the new ids of the messages by their old ones."""
    resources = stack.resources()
    versions: dict[tuple[str, str], str] = {}
    for bucket in buckets_of(resources):
        versions |= _put_objects(clients, bucket, content.objects.get(bucket, []))
    renamed: dict[str, str] = {}
    for url in queues_of(resources):
        renamed |= _put_messages(clients, url, content.messages.get(_name(url), []), versions)
    return renamed


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def _messages(clients: Clients, url: str) -> list[Json]:
    """All messages of the queue, from LocalStack's developer endpoint, which also lists hidden and delayed messages."""
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
            "MessageId": message["MessageId"],
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


def _put_messages(
    clients: Clients, url: str, messages: Iterable[Json], versions: Mapping[tuple[str, str], str]
) -> dict[str, str]:
    client = clients.client("sqs")
    renamed: dict[str, str] = {}
    for message in messages:
        extra: Json = {}
        system = message.get("Attributes", {})
        if url.endswith(".fifo"):
            extra = {
                "MessageGroupId": system["MessageGroupId"],
                "MessageDeduplicationId": system["MessageDeduplicationId"],
            }
        sent = client.send_message(
            QueueUrl=url,
            MessageBody=_of_versions(message["Body"], versions),
            MessageAttributes=message.get("MessageAttributes", {}),
            **extra,
        )
        renamed[message["MessageId"]] = sent["MessageId"]
    return renamed


def _of_versions(body: str, versions: Mapping[tuple[str, str], str]) -> str:
    """A message of S3 with the versions that its objects have now; any other message as it is."""
    if '"versionId"' not in body:
        return body
    event = json.loads(body)
    for record in event.get("Records", []):
        held = record.get("s3", {})
        key = (held.get("bucket", {}).get("name", ""), urllib.parse.unquote_plus(held.get("object", {}).get("key", "")))
        if key in versions:
            held["object"]["versionId"] = versions[key]
    return json.dumps(event)


def _objects(clients: Clients, bucket: str) -> list[Json]:
    client = clients.client("s3")
    found = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            stored = client.get_object(Bucket=bucket, Key=item["Key"])
            found.append(
                {
                    "Key": item["Key"],
                    "Body": stored["Body"].read(),
                    "Metadata": stored["Metadata"],
                    "ContentType": stored["ContentType"],
                }
            )
    return found


def _put_objects(clients: Clients, bucket: str, objects: list[Json]) -> dict[tuple[str, str], str]:
    """Puts the objects without notifications, because receive_order has handled them or has their events; returns
    their versions."""
    if not objects:
        return {}
    client = clients.client("s3")
    configuration = client.get_bucket_notification_configuration(Bucket=bucket)
    configuration.pop("ResponseMetadata", None)
    client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        put = {item["Key"]: client.put_object(Bucket=bucket, **item) for item in objects}
    finally:
        client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    return {(bucket, key): str(answer.get("VersionId", "")) for key, answer in put.items()}
