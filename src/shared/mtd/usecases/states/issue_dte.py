"""The state `emission_dte`: Paperless issues the tax document. A folio is never doubled: recover before reissue."""

import time
from dataclasses import dataclass
from decimal import Decimal

from mtd.domain.orders.mail import why_no_mail
from mtd.domain.orders.money import plain
from mtd.domain.orders.totals import amounts, line_amount
from mtd.domain.tax.document_type import document_type, receiver_rut
from mtd.usecases.flow.changes import TaxDocument
from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken
from mtd.usecases.flow.trace import hop
from mtd.usecases.ports import DteRequest, Paperless

STATE = "emission_dte"


@dataclass(frozen=True, slots=True)
class IssueDte:
    """Raises BusinessError with Paperless's code, such as `caf_exhausted`."""

    paperless: Paperless

    def __call__(self, token: LeasedToken) -> EffectResult:
        request = dte_request(token, key=f"{token.order_id}:dte", document_type=document_type(token.order))
        started = time.perf_counter()
        issued = self.paperless.recover(request.key) if token.attempts > 1 or token.outcome_unknown else None
        recovered = issued is not None
        if issued is None:
            issued = self.paperless.issue(request)
        what = "DTE recovered" if recovered else "DTE issued"
        no_mail = why_no_mail(token.order)
        return EffectResult(
            detail={
                "document_type": issued.document_type,
                "folio": issued.folio,
                **({"mail": no_mail} if no_mail else {}),
            },
            hops=(hop("Paperless", what, ms=(time.perf_counter() - started) * 1000, request_id=request.key),),
            document=TaxDocument(
                document_type=issued.document_type,
                folio=issued.folio,
                amount=Decimal(request.total),
                currency=request.currency,
            ),
            mails=() if no_mail else ("being_processed",),
        )


def dte_request(
    token: LeasedToken, *, key: str, document_type: int, cancels: tuple[int, int] | None = None
) -> DteRequest:
    """The order as a tax document of that type; `cancels`: type and folio of the one that a credit note cancels."""
    order = token.order
    total = amounts(order)
    return DteRequest(
        key=key,
        document_type=document_type,
        cancels=cancels,
        receiver_rut=receiver_rut(order),
        receiver_name=order.buyer.name,
        receiver_activity=order.buyer.activity or "",
        order_number=order.number,
        currency=order.currency,
        net=str(total.tax_exclusive),
        tax=str(total.tax),
        total=str(total.payable),
        lines=tuple(
            (line.name, plain(line.quantity), plain(line.price), str(line_amount(line, order.currency)))
            for line in order.lines
        ),
    )
