"""The state `sales_support`: the after-sales system opens the order's case, so that it can answer the customer."""

from dataclasses import dataclass

from mtd.usecases.cases import Case, Done
from mtd.usecases.legacy_effect import once
from mtd.usecases.ports import Legacy

STATE = "sales_support"


@dataclass(frozen=True, slots=True)
class OpenSalesSupport:
    """Raises BusinessError with the system's code."""

    sales_support: Legacy

    def __call__(self, case: Case) -> Done:
        order = case.order
        request = {"order": order.number, "seller": order.seller.id, "customer": order.buyer.name}
        opened, hop = once(self.sales_support, "Sales Support", case, "open", "/cases", request, "case_id")
        return Done(detail={"case_id": opened["case_id"]}, hops=(hop,))
