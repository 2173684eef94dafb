"""SQS batches: records in, failed message ids out."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.trail import Hop, from_millis, hop

set_up_logs()

type Json = dict[str, Any]


def failures(message_ids: Iterable[str]) -> Json:
    """The partial batch response: these messages come again, the others are deleted."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}


def body(record: Mapping[str, Any]) -> Json | None:
    """The record's JSON object; None when it is something else."""
    try:
        value = json.loads(record["body"])
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def sqs_hop(record: Mapping[str, Any]) -> Hop:
    """The hop of this message through its queue; `at` is when it was sent."""
    attributes = record["attributes"]
    sent, received = attributes["SentTimestamp"], attributes.get("ApproximateFirstReceiveTimestamp")
    return hop(
        "SQS",
        record["eventSourceARN"].rpartition(":")[2],
        at=from_millis(sent),
        ms=float(received) - float(sent) if received else None,
        request_id=record["messageId"],
    )


def receives(record: Mapping[str, Any]) -> int:
    """How often the message was received, this time included."""
    return int(record["attributes"]["ApproximateReceiveCount"])
