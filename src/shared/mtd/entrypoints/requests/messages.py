"""The requests of /messages, /signals and /orders/{number}/messages, checked and typed."""

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints.requests.tasks import read_text, read_values
from mtd.usecases.messages.message import MessageKind, SentMessage, checked_rule, expiry

_LIFETIME = "P1D"


def read_message(kind: MessageKind, body: Json, number: str | None = None) -> SentMessage:
    """A message or a signal. Raises InvalidRequest."""
    name, seller = read_text(body, kind.value, 200), body.get("seller")
    if not name or not (seller is None or isinstance(seller, str)):
        raise InvalidRequest(f"{kind.value} must be a name, and seller must be an id", code="message_malformed")
    rule = read_text(body, "when", 4_000)
    if kind is MessageKind.MESSAGE and number is None and rule is None:
        raise InvalidRequest("when must say which orders the message is for", code="rule_malformed")
    return SentMessage(
        kind=kind,
        name=name,
        values=read_values(body),
        id=read_text(body, "id", 200),
        number=number,
        seller=seller,
        rule=None if rule is None else checked_rule(rule),
        expires_at=expiry(read_text(body, "ttl", 50) or _LIFETIME),
    )
