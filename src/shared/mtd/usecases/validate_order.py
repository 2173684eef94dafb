"""The state `validation`: do the order's amounts add up?"""

from mtd.domain.totals import amounts
from mtd.usecases.cases import Case, Done

STATE = "validation"


def validate_order(case: Case) -> Done:
    """Check the totals, compute the missing ones. Raises BusinessError `total_mismatch`."""
    result = amounts(case.order)
    return Done(
        detail={"net": str(result.tax_exclusive), "tax": str(result.tax), "total": str(result.payable)},
        total=str(result.payable),
    )
