"""SQS `inbox-events`: XML files in the inbox become JSON in the queue `orders`, or rest under `rejected/`."""

import json
from typing import Any
from urllib.parse import unquote_plus

from mtd.adapters.intake import PostgresRejections
from mtd.adapters.metrics import count
from mtd.config import config
from mtd.entrypoints import composition, sqs
from mtd.usecases.receive_order import Arrival, arrival_hops, receive_order
from mtd.usecases.trail import from_millis, hop


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    arrivals = [arrival for record in event["Records"] for arrival in _arrivals(record)]
    here = hop("Lambda", config().function, request_id=context.aws_request_id)
    receive_order(
        arrivals,
        composition.objects(),
        composition.queues(),
        PostgresRejections(composition.database()),
        here,
    )
    count(config().function, {"orders": len(arrivals)})
    return sqs.failures([])


def _arrivals(record: dict[str, Any]) -> list[Arrival]:
    # S3 sends a test event without Records when the notification is set up.
    sent_at = from_millis(record["attributes"]["SentTimestamp"])
    return [
        Arrival(
            message_id=record["messageId"],
            bucket=entry["s3"]["bucket"]["name"],
            key=unquote_plus(entry["s3"]["object"]["key"]),
            size=int(entry["s3"]["object"].get("size", 0)),
            hops=arrival_hops(
                entry["eventTime"],
                entry.get("responseElements", {}).get("x-amz-request-id"),
                sent_at,
                record["messageId"],
            ),
        )
        for entry in json.loads(record["body"]).get("Records", [])
    ]
