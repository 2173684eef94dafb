"""The state `allocation`: EOM (the enterprise order manager) reserves stock for every line."""

from dataclasses import dataclass

from mtd.domain.orders.money import plain
from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken
from mtd.usecases.ports import Legacy
from mtd.usecases.states.call_idempotently import call_idempotently

STATE = "allocation"


@dataclass(frozen=True, slots=True)
class AllocateOrder:
    """Raises BusinessError with EOM's code, such as `out_of_stock`."""

    eom: Legacy

    def __call__(self, token: LeasedToken) -> EffectResult:
        order = token.order
        lines = [{"line": line.id, "sku": line.sku, "quantity": plain(line.quantity)} for line in order.lines]
        request = {"order": order.number, "seller": order.seller.id, "lines": lines}
        allocation, hop = call_idempotently(
            self.eom, "EOM", token, "allocate", "/allocations", request, "allocation_id", "warehouse"
        )
        return EffectResult(
            detail={"allocation_id": allocation["allocation_id"], "warehouse": allocation["warehouse"]},
            hops=(hop,),
        )
