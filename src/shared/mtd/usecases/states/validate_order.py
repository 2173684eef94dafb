"""The state `validation`: check that the order's amounts add up, and that its tax documents can be made."""

from collections.abc import Callable
from datetime import date

from mtd.domain.orders.totals import amounts
from mtd.domain.tax.documents import documents_of
from mtd.domain.tax.issuer import TaxSettings
from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken
from mtd.usecases.states.issue_dte import today

STATE = "validation"


def validate_order(
    token: LeasedToken, settings: TaxSettings | None = None, day: Callable[[], date] = today
) -> EffectResult:
    """Check the totals, and compute the missing ones.

    Raises BusinessError `total_mismatch`, or with the code of `documents_of`: an order whose document the SII would not
    take becomes an exception before any effect.
    """
    settings = settings or TaxSettings()
    result = amounts(token.order, settings.issuer_of(token.order).prices)
    documents_of(token.order, settings, day())
    return EffectResult(
        detail={"net": str(result.tax_exclusive), "tax": str(result.tax), "total": str(result.payable)},
        total=result.payable,
    )
