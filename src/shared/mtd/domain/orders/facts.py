"""The facts of an order that a process may ask for: the names that rules use, and their values."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from mtd.domain.errors import BusinessError
from mtd.domain.orders.order import Order, Party
from mtd.domain.orders.totals import amounts

_PARTY = {"id": "text", "name": "text", "rut": "text", "email": "text", "city": "text", "country": "text"}
_LINE = {
    "id": "text",
    "sku": "text",
    "name": "text",
    "unit": "text",
    "quantity": "number",
    "price": "number",
    "amount": "number",
}

NAMES: dict[str, Any] = {
    "gift_card": "bool",
    "order": {
        "number": "text",
        "issued_on": "text",
        "promised_on": "text",
        "currency": "text",
        "gift_card": "text",
        "payable": "number",
        "prepaid": "number",
        "requested_document": "number",
        "seller": _PARTY,
        "buyer": _PARTY,
        "lines": [_LINE],
    },
    "data": "any",
}
"""Types of all facts: `bool`, `number`, `text` (dates are ISO 8601), a list in brackets, a mapping, or `any`.

`data` is what scripts, messages and people's forms have left with the order.
"""


def facts(order: Order, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values; what the order leaves out is None. Amounts are decimals in the order's currency."""
    return {"gift_card": order.gift_card is not None, "order": _Facts(order), "data": data or {}}


class _Facts(Mapping[str, Any]):
    """The order's facts. The first rule that asks computes them: most steps of most orders ask none."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._found: dict[str, Any] | None = None

    @property
    def _values(self) -> dict[str, Any]:
        if self._found is None:
            self._found = _order(self._order)
        return self._found

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "issued_on": order.issued_on.isoformat(),
        "promised_on": order.promised_on.isoformat() if order.promised_on else None,
        "currency": order.currency,
        "gift_card": order.gift_card,
        "payable": _payable(order),
        "prepaid": order.totals.prepaid,
        "requested_document": order.requested_document,
        "seller": _party(order.seller),
        "buyer": _party(order.buyer),
        "lines": [{name: getattr(line, name) for name in _LINE} for line in order.lines],
    }


def _payable(order: Order) -> Decimal | None:
    try:
        return amounts(order).payable
    except BusinessError:
        return order.totals.payable


def _party(party: Party) -> dict[str, Any]:
    return {name: getattr(party, name) for name in _PARTY}
