"""The state `dispatch`: EOM ships what was allocated."""

from dataclasses import dataclass

from mtd.usecases.cases import Case, Done
from mtd.usecases.legacy_effect import once
from mtd.usecases.ports import Legacy

STATE = "dispatch"


@dataclass(frozen=True, slots=True)
class DispatchOrder:
    """Raises BusinessError with EOM's code."""

    eom: Legacy

    def __call__(self, case: Case) -> Done:
        order = case.order
        request = {
            "order": order.number,
            "seller": order.seller.id,
            "allocation_key": f"{case.order_id}:allocate",
            "promised_on": order.promised_on.isoformat() if order.promised_on else None,
        }
        shipment, hop = once(self.eom, "EOM", case, "ship", "/shipments", request, "shipment_id", "carrier")
        return Done(detail={"shipment_id": shipment["shipment_id"], "carrier": shipment["carrier"]}, hops=(hop,))
