"""Carries queue messages and objects over to a new stack of LocalStack, so that orders in flight go on."""

import contextlib
import time
from collections.abc import Iterator

from delivery.deployment.emulator_content import buckets_of, put_content, queues_of, read_content
from delivery.deployment.stack import Stack
from devenv.aws import Clients

_QUIET_SECONDS = 8.0
_DEPTHS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@contextlib.contextmanager
def carried_over(clients: Clients, stack: Stack) -> Iterator[None]:
    """Waits a while for the queues to empty, and takes the remaining messages and all objects, because CloudFormation
    deletes empty buckets only. After the block it puts both into the new stack."""
    settle(clients, stack)
    content = read_content(clients, stack)
    empty_buckets(clients, stack)
    yield
    put_content(clients, stack, content)


def empty_buckets(clients: Clients, stack: Stack) -> None:
    """Deletes every version of every object of the stack, because CloudFormation deletes empty buckets only."""
    for bucket in buckets_of(stack.resources()):
        _empty(clients, bucket)


def settle(clients: Clients, stack: Stack) -> None:
    """Waits until the number of messages no longer changes, at most eight seconds.

    The waiting queue keeps its messages, and delays are long.
    """
    _settle(clients, queues_of(stack.resources()))


def _settle(clients: Clients, urls: list[str]) -> None:
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


def _empty(clients: Clients, bucket: str) -> None:
    """Deletes every version of every object."""
    client = clients.client("s3")
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
