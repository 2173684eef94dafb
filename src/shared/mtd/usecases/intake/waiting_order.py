"""An order in the waiting queue, as its row shows it to people."""

from dataclasses import dataclass
from typing import Any

from mtd.domain.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingOrder:
    """A message that failed ten receives. Tenant, number and seller are as the message names them, if it does."""

    message_id: str
    tenant: str | None
    number: str | None
    seller_id: str | None
    #: The error of the latest receive.
    reason: str


def waiting_order(message_id: str, body: Json, reason: str) -> WaitingOrder:
    """The row of a message with that body, which may be anything."""
    return WaitingOrder(
        message_id=message_id,
        tenant=_text(body.get("tenant")),
        number=_text(body.get("number")),
        seller_id=_text(body.get("seller")),
        reason=reason,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
