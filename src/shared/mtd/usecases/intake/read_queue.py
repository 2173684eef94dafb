"""From the queue `orders` to the API: one POST /orders for a batch. A refused batch goes again, order by order."""

from collections.abc import Sequence
from dataclasses import dataclass

from mtd.domain.errors import InvalidRequest, MtdError, RetryableError
from mtd.domain.json_types import Json
from mtd.usecases.flow.trace import Hop, read_hops
from mtd.usecases.intake.waiting_order import WaitingOrder, waiting_order
from mtd.usecases.ports import StatesApi

LAST_RECEIVE = 10
"""After this many failed receives SQS moves the message to the waiting queue (the template's maxReceiveCount)."""

# Lambda takes 6 MB, and the body arrives there escaped as a JSON string.
_LARGEST_CALL_BYTES = 3_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMessage:
    """A message of the queue `orders`."""

    message_id: str
    receipt: str
    #: The number of receives, this one included.
    receives: int
    #: In bytes of the ASCII JSON that the call carries.
    size: int
    #: None when it is not JSON.
    body: Json | None
    hop: Hop


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A message that must come again, with the reason."""

    message: OrderMessage
    reason: str


def read_queue(messages: Sequence[OrderMessage], api: StatesApi, here: Hop) -> list[FailedMessage]:
    """Register the messages' orders. Returns the messages that failed."""
    failures = [
        FailedMessage(message=message, reason="the message is not an order")
        for message in messages
        if not _readable(message.body)
    ]
    unreadable = {failure.message.message_id for failure in failures}
    readable = [message for message in messages if message.message_id not in unreadable]
    for batch in _batches(readable):
        failures += _post(batch, api, here)
    return failures


def _readable(body: Json | None) -> bool:
    if body is None or not ("order" in body or "reference" in body):
        return False
    try:
        read_hops(body.get("hops"))
    except InvalidRequest:
        return False
    return True


def _batches(messages: Sequence[OrderMessage]) -> list[list[OrderMessage]]:
    """The messages in calls of a size that API Gateway and Lambda take."""
    batches: list[list[OrderMessage]] = []
    size = 0
    for message in messages:
        if not batches or size + message.size > _LARGEST_CALL_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(message)
        size += message.size
    return batches


def _post(messages: Sequence[OrderMessage], api: StatesApi, here: Hop) -> list[FailedMessage]:
    bodies = [(message, message.body or {}) for message in messages]
    entries = [{**body, "hops": [*(body.get("hops") or []), message.hop, here]} for message, body in bodies]
    try:
        api.post("/orders", {"orders": entries})
    except MtdError as error:
        away = isinstance(error, RetryableError) and error.code != "api_failed"
        if away or len(messages) == 1:
            return [FailedMessage(message=message, reason=str(error)) for message in messages]
        # An order that the API refuses, or that its function fails on, must not stop the others of its batch.
        half = len(messages) // 2
        return _post(messages[:half], api, here) + _post(messages[half:], api, here)
    return []


def waiting_orders(failures: Sequence[FailedMessage]) -> list[WaitingOrder]:
    """The messages whose last receive this was."""
    return [
        waiting_order(failure.message.message_id, failure.message.body or {}, failure.reason[:500])
        for failure in failures
        if failure.message.receives >= LAST_RECEIVE
    ]
