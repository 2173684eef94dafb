"""SQS batches: records in, failed message ids out."""

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mtd.domain.errors import InvalidRequest, MtdError
from mtd.domain.json_types import Json
from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.flow.trace import Hop, from_millis, hop

set_up_logs()

LOG = logging.getLogger(__name__)

type Record = Mapping[str, Any]

# The null character, and halves of surrogate pairs.
_MAY_BE_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89abAB]|[dD][c-fC-F])")


def failures(message_ids: Iterable[str]) -> Json:
    """The partial batch response: these messages come again, the others are deleted."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}


def body(record: Mapping[str, Any]) -> Json | None:
    """The record's JSON object; None when it is something else, or has a text that PostgreSQL cannot store.

    PostgreSQL would refuse such a text together with all others of its statement.
    """
    try:
        value = json.loads(record["body"])
        if _MAY_BE_UNSTORABLE.search(record["body"]):
            text = json.dumps(value, ensure_ascii=False)
            text.encode()
            if "\\u0000" in text.replace("\\\\", ""):
                return None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def sort_out[T](records: Iterable[Record], read: Callable[[Record, Json], T]) -> tuple[list[T], list[str]]:
    """The results of `read` for each record with a JSON object, and the message ids of the malformed records.

    A malformed message does not fail its batch: it alone comes again, until SQS moves it to the queue `failures`.
    """
    found: list[T] = []
    malformed: list[str] = []
    for record in records:
        try:
            content = body(record)
            if content is None:
                raise InvalidRequest("the message is not a JSON object", code="body_not_object")
            found.append(read(record, content))
        except (MtdError, LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            LOG.warning("message malformed", extra={"message_id": record["messageId"], "reason": repr(error)[:500]})
            malformed.append(record["messageId"])
    return found, malformed


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
    """The number of times that the message was received, this one included."""
    return int(record["attributes"]["ApproximateReceiveCount"])
