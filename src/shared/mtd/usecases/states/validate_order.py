"""The state `validation`: do the order's amounts add up?"""

from mtd.domain.orders.totals import amounts
from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken

STATE = "validation"


def validate_order(token: LeasedToken) -> EffectResult:
    """Check the totals, compute the missing ones. Raises BusinessError `total_mismatch`."""
    result = amounts(token.order)
    return EffectResult(
        detail={"net": str(result.tax_exclusive), "tax": str(result.tax), "total": str(result.payable)},
        total=result.payable,
    )
