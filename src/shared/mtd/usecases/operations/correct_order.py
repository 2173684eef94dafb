"""A person corrects an order's data. Data that a legacy system has acted on stay as they are; the rest may change.

The keys of an order's effects derive from its id, which a correction does not change. So MTD finds an effect that a
system has made, and never makes it twice. Later effects use the corrected data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from mtd.domain.errors import BusinessError, Conflict, InvalidRequest, NotFound, RejectedOrder
from mtd.domain.json_types import Json
from mtd.domain.orders.check import read_order
from mtd.domain.orders.merge_patch import merged
from mtd.domain.orders.order import Order, to_json
from mtd.domain.orders.totals import amounts
from mtd.usecases.operations.order_actions import Correction
from mtd.usecases.ports import Legacy, Paperless


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacySystems:
    """The legacy systems that keep effects of an order."""

    gift_cards: Legacy
    eom: Legacy
    paperless: Paperless
    sales_support: Legacy


def effects_made(systems: LegacySystems, order_id: UUID) -> frozenset[str]:
    """The effects among `redeem`, `allocate`, `ship` and `dte` that the systems have made for the order.

    Raises RetryableError when a system does not answer.
    """
    found = {
        operation
        for system, operation in ((systems.gift_cards, "redeem"), (systems.eom, "allocate"), (systems.eom, "ship"))
        if find_effect(system, order_id, operation) is not None
    }
    if systems.paperless.recover(f"{order_id}:dte") is not None:
        found.add("dte")
    return frozenset(found)


def find_effect(system: Legacy, order_id: UUID, operation: str) -> Json | None:
    """The result of the order's operation at the system; None when the system has not made it."""
    try:
        return system.call("GET", f"/operations/{order_id}:{operation}", None, None)
    except NotFound:
        return None


def correction(document: Json, fields: Mapping[str, Any]) -> Correction:
    """The order with the corrected fields (a JSON merge patch, RFC 7396: null takes a field away).

    Raises InvalidRequest when the result is no order, Conflict for another number or seller: that is another order.
    """
    try:
        order = read_order(merged(document, fields))
    except RejectedOrder as error:
        raise InvalidRequest(f"the corrected order is not valid: {error}", code=error.code) from None
    if (order.number, order.seller.id) != (document["number"], document["seller"]["id"]):
        raise Conflict(
            "number and seller identify the order and cannot be corrected: cancel it and send another",
            code="identity_changed",
        )
    result = to_json(order)
    if result == document:
        raise Conflict("the correction changes nothing: the order has these values already", code="nothing_corrected")
    return Correction(order=order, document=result, total=_payable(order))


def differing_fields(one: Json, other: Json) -> Json:
    """The fields of one document that the other lacks or has with another value."""
    return {name: value for name, value in one.items() if other.get(name) != value}


def refuse_what_rests_on(made: frozenset[str], old: Order, new: Order) -> None:
    """Raises Conflict for a change that contradicts an effect of a legacy system."""
    for effect, says, why in _RESTS:
        if effect in made and says(old) != says(new):
            raise Conflict(f"{why}: cancel the order instead", code=f"{effect}_made")


def _payment(order: Order) -> Any:
    return order.gift_card, order.totals.prepaid or _payable(order), order.currency


def _payable(order: Order) -> Decimal | None:
    try:
        return amounts(order).payable
    except BusinessError:
        return order.totals.payable


def _stock(order: Order) -> Any:
    return [(line.id, line.sku, line.quantity) for line in order.lines]


def _tax(order: Order) -> Any:
    buyer = (order.buyer.rut, order.buyer.name, order.buyer.activity)
    return (
        buyer,
        order.lines,
        order.totals,
        order.adjustment,
        order.adjustments,
        order.currency,
        order.requested_document,
    )


_RESTS = (
    ("dte", _tax, "its tax document is issued and says otherwise"),
    ("redeem", _payment, "the amount is taken from its gift card"),
    ("allocate", _stock, "its stock is allocated"),
    ("ship", lambda order: order.promised_on, "it is shipped"),
)
