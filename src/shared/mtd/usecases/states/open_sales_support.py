"""The state `sales_support`: the after-sales system opens a case for the order, so that it can answer the customer."""

from dataclasses import dataclass

from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken
from mtd.usecases.ports import Legacy
from mtd.usecases.states.call_idempotently import call_idempotently

STATE = "sales_support"


@dataclass(frozen=True, slots=True)
class OpenSalesSupport:
    """Raises BusinessError with the system's code."""

    sales_support: Legacy

    def __call__(self, token: LeasedToken) -> EffectResult:
        order = token.order
        request = {"order": order.number, "seller": order.seller.id, "customer": order.buyer.name}
        name, path = "Sales Support", "/cases"
        opened, hop = call_idempotently(self.sales_support, name, token, "open", path, request, "case_id")
        return EffectResult(detail={"case_id": opened["case_id"]}, hops=(hop,))
