"""The state `allocation`: EOM (the enterprise order manager) reserves stock for every line."""

from dataclasses import dataclass

from mtd.domain.money import plain
from mtd.usecases.cases import Case, Done
from mtd.usecases.legacy_effect import once
from mtd.usecases.ports import Legacy

STATE = "allocation"


@dataclass(frozen=True, slots=True)
class AllocateOrder:
    """Raises BusinessError with EOM's code, such as `out_of_stock`."""

    eom: Legacy

    def __call__(self, case: Case) -> Done:
        order = case.order
        lines = [{"line": line.id, "sku": line.sku, "quantity": plain(line.quantity)} for line in order.lines]
        request = {"order": order.number, "seller": order.seller.id, "lines": lines}
        allocation, hop = once(self.eom, "EOM", case, "allocate", "/allocations", request, "allocation_id", "warehouse")
        return Done(
            detail={"allocation_id": allocation["allocation_id"], "warehouse": allocation["warehouse"]},
            hops=(hop,),
        )
