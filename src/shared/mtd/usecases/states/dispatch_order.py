"""The state `dispatch`: EOM ships the allocated stock."""

from dataclasses import dataclass

from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken
from mtd.usecases.ports import Legacy
from mtd.usecases.states.call_idempotently import call_idempotently

STATE = "dispatch"


@dataclass(frozen=True, slots=True)
class DispatchOrder:
    """Raises BusinessError with EOM's code."""

    eom: Legacy

    def __call__(self, token: LeasedToken) -> EffectResult:
        order = token.order
        request = {
            "order": order.number,
            "seller": order.seller.id,
            "allocation_key": f"{token.order_id}:allocate",
            "promised_on": order.promised_on.isoformat() if order.promised_on else None,
        }
        shipment, hop = call_idempotently(
            self.eom, "EOM", token, "ship", "/shipments", request, "shipment_id", "carrier"
        )
        return EffectResult(
            detail={"shipment_id": shipment["shipment_id"], "carrier": shipment["carrier"]}, hops=(hop,)
        )
