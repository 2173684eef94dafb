"""The state `emission_dte`: Paperless issues the tax documents. It recovers before it reissues, so no folio doubles."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from mtd.domain.json_types import Json
from mtd.domain.orders.mail import why_no_mail
from mtd.domain.tax.document import TaxDocument
from mtd.domain.tax.documents import documents_of
from mtd.domain.tax.issuer import TaxSettings
from mtd.domain.tax.issuing_day import issuing_day
from mtd.usecases.flow.changes import IssuedDocument
from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken
from mtd.usecases.flow.trace import Hop, hop
from mtd.usecases.ports import DteRequest, IssuedDte, Paperless

STATE = "emission_dte"
# The numbers of deployments' own orders (src/delivery/release/smoke.py).
_SMOKE = re.compile(r"SMOKE-[0-9a-f]{12}")


def today() -> date:
    """The day of documents that are issued now."""
    return issuing_day(datetime.now(UTC))


def key_of(order_id: UUID, operation: str, part: int) -> str:
    """The idempotency key of an order's document: `dte` or `credit_note`, with its number from the second on."""
    return f"{order_id}:{operation}" if part == 1 else f"{order_id}:{operation}:{part}"


@dataclass(frozen=True, slots=True)
class IssueDte:
    """Raises BusinessError with Paperless's code, such as `caf_exhausted`, or with that of `documents_of`.

    An order with more lines than a document may hold gets several documents, one after the other.
    """

    paperless: Paperless
    settings: TaxSettings = field(default_factory=TaxSettings)
    day: Callable[[], date] = today
    #: Paperless in the SII's certification environment, where documents have no legal effect: deployments' own orders
    #: are issued there, if there is one, and leave no tax document of ours.
    certification: Paperless | None = None

    def __call__(self, token: LeasedToken) -> EffectResult:
        certification = self.certification if _SMOKE.fullmatch(token.order.number) else None
        paperless = certification or self.paperless
        parts = documents_of(token.order, self.settings, self.day())
        issued: list[IssuedDocument] = []
        hops: list[Hop] = []
        for part in parts:
            document, way = _issue(paperless, token, part)
            issued.append(document)
            hops.append(way)
        no_mail = why_no_mail(token.order)
        remarks = [remark for part in parts for remark in part.remarks]
        detail: Json = {"document_type": issued[0].document_type, "folio": issued[0].folio}
        if len(issued) > 1:
            detail["documents"] = [
                {"document_type": each.document_type, "folio": each.folio, "amount": str(each.amount)}
                for each in issued
            ]
        if remarks:
            detail["remarks"] = list(dict.fromkeys(remarks))
        if no_mail:
            detail["mail"] = no_mail
        if certification is not None:
            detail["certification"] = True
        return EffectResult(
            detail=detail,
            hops=tuple(hops),
            # A folio of the certification environment may be that of a real document, and nobody has to declare it.
            documents=() if certification is not None else tuple(issued),
            mails=() if no_mail else ("being_processed",),
        )


def _issue(paperless: Paperless, token: LeasedToken, document: TaxDocument) -> tuple[IssuedDocument, Hop]:
    """Issue one document, or find what an earlier try has issued."""
    request = DteRequest(key=key_of(token.order_id, "dte", document.part), document=document)
    started = time.perf_counter()
    issued = paperless.recover(request.key) if token.attempts > 1 or token.outcome_unknown else None
    what = "DTE issued" if issued is None else "DTE recovered"
    if issued is None:
        issued = paperless.issue(request)
    way = hop("Paperless", what, ms=(time.perf_counter() - started) * 1000, request_id=request.key)
    return issued_document(document, issued), way


def issued_document(document: TaxDocument, issued: IssuedDte) -> IssuedDocument:
    """The document as its order keeps it."""
    return IssuedDocument(
        document_type=issued.document_type,
        folio=issued.folio,
        amount=document.totals.total,
        currency=document.currency,
        issuer=document.issuer.rut,
        issued_on=issued.issued_at or None,
        stamp=issued.stamp,
        track_id=issued.track_id,
        part=document.part,
    )
