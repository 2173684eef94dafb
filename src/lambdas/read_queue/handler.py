"""SQS `orders`: a batch of orders to POST /orders; after ten failed receives SQS moves one to the waiting queue."""

import logging
from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.intake.intake import PostgresWaiting
from mtd.config import config
from mtd.domain.errors import MtdError
from mtd.entrypoints import composition, sqs
from mtd.usecases.flow.trace import hop
from mtd.usecases.intake.read_queue import FailedMessage, OrderMessage, read_queue, waiting_orders

LOG = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    here = hop("Lambda", config().function, request_id=context.aws_request_id)
    failures = read_queue([_message(record) for record in event["Records"]], composition.api(), here)
    count(config().function, {"orders": len(event["Records"]), "failed": len(failures)})
    if failures:
        _note(failures)
    return sqs.failures(failure.message.message_id for failure in failures)


def _message(record: dict[str, Any]) -> OrderMessage:
    return OrderMessage(
        message_id=record["messageId"],
        receipt=record["receiptHandle"],
        receives=sqs.receives(record),
        size=len(record["body"].encode("ascii", "backslashreplace")),
        body=sqs.body(record),
        hop=sqs.sqs_hop(record),
    )


def _note(failures: list[FailedMessage]) -> None:
    """Delay failed messages, and list those that go to `waiting`. A failure here must not fail the batch."""
    for failure in failures:
        extra = {"message_id": failure.message.message_id, "receives": failure.message.receives}
        LOG.warning("order not registered", extra=extra | {"reason": failure.reason})
    try:
        by_receives = {failure.message.receives for failure in failures}
        for receives in by_receives:
            receipts = [f.message.receipt for f in failures if f.message.receives == receives]
            seconds = min(900, int(config().retry_base_seconds * 2 ** (receives - 1)))
            composition.queues().change_visibility("orders", receipts, seconds)
        if waiting := waiting_orders(failures):
            PostgresWaiting(composition.database()).record(waiting)
    except MtdError:
        LOG.exception("failure not noted")
