"""SQS `inbox-events`: XML files in the inbox become JSON in the queue `orders`, or rest under `rejected/`."""

from typing import Any
from urllib.parse import unquote_plus

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.intake.intake import PostgresRejections
from mtd.config import config
from mtd.domain.json_types import Json
from mtd.entrypoints import composition, sqs
from mtd.usecases.flow.trace import from_millis, hop
from mtd.usecases.intake.inbox_file import InboxFile, arrival_hops
from mtd.usecases.intake.receive_order import receive_order


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    readable, malformed = sqs.sort_out(event["Records"], _arrivals)
    arrivals = [arrival for each in readable for arrival in each]
    here = hop("Lambda", config().function, request_id=context.aws_request_id)
    failed = receive_order(
        arrivals,
        composition.objects(),
        composition.queues(),
        PostgresRejections(composition.database()),
        composition.tenants(),
        here,
    )
    count(config().function, {"orders": len(arrivals), "failed": len(failed) + len(malformed)})
    return sqs.failures([*failed, *malformed])


def _arrivals(record: sqs.Record, content: Json) -> list[InboxFile]:
    if "Records" not in content and content.get("Event") == "s3:TestEvent":
        # S3 sends it when the notification is set up.
        return []
    return [_arrival(record, entry) for entry in content["Records"]]


def _arrival(record: sqs.Record, entry: Json) -> InboxFile:
    sent_at = from_millis(record["attributes"]["SentTimestamp"])
    request_id = entry.get("responseElements", {}).get("x-amz-request-id")
    return InboxFile(
        message_id=record["messageId"],
        bucket=entry["s3"]["bucket"]["name"],
        key=unquote_plus(entry["s3"]["object"]["key"]),
        size=int(entry["s3"]["object"].get("size", 0)),
        version=entry["s3"]["object"].get("versionId"),
        hops=arrival_hops(entry["eventTime"], request_id, sent_at, record["messageId"]),
    )
