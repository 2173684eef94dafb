"""The waiting queue, by hand: list its messages, push orders back to the queue `orders`."""

import json
from collections.abc import Sequence
from typing import Protocol

from mtd.domain.json_types import Json
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.usecases.intake.waiting_order import WaitingOrder, waiting_order
from mtd.usecases.ports import QueueMessage, Queues, Tenants

# Long enough to walk through the queue, short enough that the next walk sees all messages again.
_LOOK_SECONDS = 30
# A standard queue gives at most ten messages a call: 10,000 messages take a thousand calls, about a minute.
_MOST_MESSAGES = 10_000


class WaitingRows(Protocol):
    """The rows of waiting orders in PostgreSQL."""

    def record(self, orders: Sequence[WaitingOrder]) -> None: ...

    def reasons(self) -> dict[str, str]: ...

    def mark_pushed(self, message_ids: Sequence[str]) -> None: ...

    def close_gone(self, there: Sequence[str]) -> None:
        """Close the rows whose message is none of `there` and that have been open for an hour.

        A younger row may be ahead of its message: SQS moves that to the queue once its tenth receive times out.
        """
        ...


def list_waiting(queues: Queues, rows: WaitingRows, tenants: Tenants, tenant: str) -> list[Json]:
    """Every message of the tenant in the waiting queue. The messages become visible again afterwards."""
    messages = _receive_all(queues)
    try:
        reasons = rows.reasons()
        entries = [_entry(message, reasons) for message in _own(messages, tenants, tenant)]
        unknown = [
            waiting_order(entry["message_id"], entry | {"tenant": tenant}, entry["reason"])
            for entry in entries
            if entry["message_id"] not in reasons
        ]
        if unknown:
            rows.record(unknown)
        if len(messages) < _MOST_MESSAGES and reasons.keys() - {message.message_id for message in messages}:
            rows.close_gone([message.message_id for message in messages])
    finally:
        queues.change_visibility("waiting", [message.receipt for message in messages], 0)
    return sorted(entries, key=lambda entry: str(entry["since"]))


def push_waiting(
    numbers: Sequence[str] | None, queues: Queues, rows: WaitingRows, tenants: Tenants, tenant: str
) -> list[str]:
    """Send the tenant's orders with those numbers (all when None) back to `orders`.

    Returns the numbers of the pushed orders, or message ids. A crash between sending and deleting leaves the message
    in both queues; a second registration does nothing.
    """
    messages = _receive_all(queues)
    own = _own(messages, tenants, tenant)
    chosen = [m for m in own if numbers is None or _number(m) in numbers or m.message_id in numbers]
    chosen_ids = {message.message_id for message in chosen}
    left = [message.receipt for message in messages if message.message_id not in chosen_ids]
    try:
        if chosen:
            queues.send("orders", [message.body for message in chosen])
            queues.delete("waiting", [message.receipt for message in chosen])
            rows.mark_pushed(sorted(chosen_ids))
    finally:
        queues.change_visibility("waiting", left, 0)
    return [_number(message) or message.message_id for message in chosen]


def _receive_all(queues: Queues) -> list[QueueMessage]:
    found: dict[str, QueueMessage] = {}
    while len(found) < _MOST_MESSAGES:
        batch = queues.receive("waiting", _LOOK_SECONDS)
        if not batch:
            break
        found |= {message.message_id: message for message in batch}
    return list(found.values())


def _own(messages: Sequence[QueueMessage], tenants: Tenants, tenant: str) -> list[QueueMessage]:
    """The tenant's messages. Messages without a known tenant belong to the platform tenant."""
    named = [_body(message).get("tenant") for message in messages]
    known = tenants.known({code for code in named if isinstance(code, str)})
    owners = [code if isinstance(code, str) and code in known else PLATFORM_TENANT for code in named]
    return [message for message, owner in zip(messages, owners, strict=True) if owner == tenant]


def _body(message: QueueMessage) -> Json:
    try:
        body = json.loads(message.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _number(message: QueueMessage) -> str | None:
    number = _body(message).get("number")
    return number if isinstance(number, str) else None


def _entry(message: QueueMessage, reasons: dict[str, str]) -> Json:
    body = _body(message)
    return {
        "message_id": message.message_id,
        "number": _number(message),
        "seller": body.get("seller"),
        "since": message.sent_at.isoformat(),
        "receives": message.receives,
        "reason": reasons.get(message.message_id, "failed ten receives"),
    }
