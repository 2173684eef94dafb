"""Sends the mails that commits have asked for: claim, send, finish.

A crash between sending and finishing may double a mail: another run takes the claim over after five minutes, and the
event says so.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from mtd.domain.orders import mail
from mtd.domain.orders.order import Order
from mtd.usecases.flow.changes import OrderEvent, RequestedMail
from mtd.usecases.flow.trace import Hop
from mtd.usecases.ports import Mailer, MailResult

LOG = logging.getLogger(__name__)

_DOCUMENT_NAMES = {
    33: "factura electrónica",
    34: "factura exenta electrónica",
    39: "boleta electrónica",
    41: "boleta exenta electrónica",
    110: "factura de exportación",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentNumber:
    """A tax document as the customer's mail names it."""

    document_type: int | None
    folio: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMail:
    """A claimed mail with its order's data."""

    mail_id: int
    order_id: UUID
    kind: str
    order: Order
    #: The order's tax documents.
    documents: Sequence[DocumentNumber]
    #: The fate of an earlier mail to the same address, after which MTD sends no more.
    suppressed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedMail:
    """A claimed mail and its result."""

    mail_id: int
    result: MailResult


class MailBox(Protocol):
    """The mails of PostgreSQL; each method is one transaction."""

    def claim(self, mails: Sequence[RequestedMail]) -> list[DueMail]:
        """The mails of these that are still due. No other run claims them within five minutes."""
        ...

    def finish(self, mails: Sequence[FinishedMail], events: Sequence[OrderEvent]) -> None: ...


def notify_customer(
    wanted: Sequence[RequestedMail],
    box: MailBox,
    mailer: Mailer,
    function: str,
    request_id: str,
    hops: Sequence[Hop] = (),
) -> int:
    """Send the wanted mails that are still due. Returns how many must be tried again.

    No mail goes to an address whose earlier mail bounced or whose reader complained. The row and the event say so.
    """
    due = box.claim(wanted)
    if not due:
        return 0
    written = [_mail(item) if item.suppressed is None else _not_sent(item.suppressed) for item in due]
    sent = iter(mailer.send([each for each in written if isinstance(each, mail.Mail)]))
    results = [next(sent) if isinstance(each, mail.Mail) else each for each in written]
    box.finish(
        [FinishedMail(mail_id=item.mail_id, result=result) for item, result in zip(due, results, strict=True)],
        [_event(item, result, function, request_id, hops) for item, result in zip(due, results, strict=True)],
    )
    return sum(result.status == "pending" for result in results)


def _documents(due: DueMail) -> str:
    return ", ".join(f"{_DOCUMENT_NAMES.get(each.document_type or 0, 'DTE')} N° {each.folio}" for each in due.documents)


_TEMPLATES: dict[str, Callable[[DueMail], mail.Mail]] = {
    "being_processed": lambda due: mail.being_processed(due.order, _documents(due)),
    "dte_incident": lambda due: mail.delayed_by_tax_document(due.order),
}


def _not_sent(why: str) -> MailResult:
    return MailResult(status="failed", reason=f"not sent: an earlier mail to this address {_AFTER[why]}")


_AFTER = {"bounced": "bounced", "complained": "was complained about"}


def _mail(due: DueMail) -> mail.Mail | MailResult:
    """The mail; its failure where it cannot be written, which no other try would change."""
    try:
        return replace(_TEMPLATES[due.kind](due), tags={"order_id": str(due.order_id), "kind": due.kind})
    except Exception as error:
        LOG.exception("mail not written", extra={"order_id": str(due.order_id), "kind": due.kind})
        return MailResult(status="failed", reason=f"cannot be written: {type(error).__name__}")


def _event(due: DueMail, result: MailResult, function: str, request_id: str, hops: Sequence[Hop]) -> OrderEvent:
    return OrderEvent(
        order_id=due.order_id,
        who=function,
        source="SES",
        what=f"mail {due.kind} {result.status}",
        request_id=result.message_id or request_id,
        detail={"reason": result.reason, "hops": list(hops)} if result.reason else {"hops": list(hops)},
    )
