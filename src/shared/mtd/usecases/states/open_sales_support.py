"""The state `sales_support`: the after-sales system opens the order's case, so that it can answer the customer."""

from dataclasses import dataclass

from mtd.usecases.flow.cases import EffectResult, LeasedToken
from mtd.usecases.ports import Legacy
from mtd.usecases.states.call_idempotently import call_idempotently

STATE = "sales_support"


@dataclass(frozen=True, slots=True)
class OpenSalesSupport:
    """Raises BusinessError with the system's code."""

    sales_support: Legacy

    def __call__(self, case: LeasedToken) -> EffectResult:
        order = case.order
        request = {"order": order.number, "seller": order.seller.id, "customer": order.buyer.name}
        opened, hop = call_idempotently(self.sales_support, "Sales Support", case, "open", "/cases", request, "case_id")
        return EffectResult(detail={"case_id": opened["case_id"]}, hops=(hop,))
