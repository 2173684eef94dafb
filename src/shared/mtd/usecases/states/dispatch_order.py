"""The state `dispatch`: EOM ships what was allocated."""

from dataclasses import dataclass

from mtd.usecases.flow.cases import EffectResult, LeasedToken
from mtd.usecases.ports import Legacy
from mtd.usecases.states.call_idempotently import call_idempotently

STATE = "dispatch"


@dataclass(frozen=True, slots=True)
class DispatchOrder:
    """Raises BusinessError with EOM's code."""

    eom: Legacy

    def __call__(self, case: LeasedToken) -> EffectResult:
        order = case.order
        request = {
            "order": order.number,
            "seller": order.seller.id,
            "allocation_key": f"{case.order_id}:allocate",
            "promised_on": order.promised_on.isoformat() if order.promised_on else None,
        }
        shipment, hop = call_idempotently(
            self.eom, "EOM", case, "ship", "/shipments", request, "shipment_id", "carrier"
        )
        return EffectResult(
            detail={"shipment_id": shipment["shipment_id"], "carrier": shipment["carrier"]}, hops=(hop,)
        )
