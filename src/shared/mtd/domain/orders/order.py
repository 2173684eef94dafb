"""The order in types, and as the JSON that travels and that PostgreSQL keeps."""

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from mtd.domain.json_types import Json
from mtd.domain.tenants import PLATFORM_TENANT

# Never changes: order ids derive from it, so that an order has the same id wherever a function reads it.
_NAMESPACE = uuid.UUID("6f7b0a5e-3f0a-4b59-9d57-0d8f2a3a7c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A buyer or a seller."""

    #: The RUT where there is one, else the party's own identifier.
    id: str
    name: str
    rut: str | None = None
    email: str | None = None
    city: str | None = None
    country: str | None = None
    #: The *giro*, the line of business that a factura must name.
    activity: str | None = None
    #: Street and number.
    address: str | None = None
    #: The *comuna*.
    district: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """An allowance (below zero) or a charge (above zero) of a line or of the whole order, in its currency."""

    amount: Decimal
    reason: str | None = None
    #: The category of the allowance or charge itself; None: that of the line or order.
    tax_category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """An order line.

    UBL has amounts before taxes; those of a boleta may hold them (`tax.reading` finds out which).
    """

    id: str
    sku: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    base_quantity: Decimal
    #: Charges less allowances.
    adjustment: Decimal
    #: UBL's line extension amount.
    amount: Decimal | None
    tax_percent: Decimal | None
    #: UN/EDIFACT 5305 where it is not S, the standard rate: E exempt, Z zero rate, O outside of the tax's scope, …
    tax_category: str | None = None
    #: The parts of `adjustment`; empty in orders of earlier releases.
    adjustments: tuple[Adjustment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The document's totals; None where the order leaves them out."""

    lines: Decimal | None = None
    tax_exclusive: Decimal | None = None
    tax: Decimal | None = None
    tax_inclusive: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None
    payable: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A purchase order."""

    number: str
    issued_on: date
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[OrderLine, ...]
    totals: Totals
    #: The document's charges less its allowances.
    adjustment: Decimal
    gift_card: str | None = None
    promised_on: date | None = None
    requested_document: int | None = None
    #: The parts of `adjustment`; empty in orders of earlier releases.
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON: equal for equal content, however the XML was written.

        It leaves out the fields that an earlier release did not read, so that MTD recognises a copy of such an order.
        """
        document = _as_first_read(to_json(self))
        return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def order_id(self) -> uuid.UUID:
        """Its id as the platform tenant's order."""
        return self.id_of(PLATFORM_TENANT)

    def id_of(self, tenant: str) -> uuid.UUID:
        """The id of every copy of this order of the tenant. The idempotency keys of its effects begin with it."""
        namespace = _NAMESPACE if tenant == PLATFORM_TENANT else uuid.uuid5(_NAMESPACE, tenant)
        return uuid.uuid5(namespace, f"{self.seller.id}\n{self.number}\n{self.content_hash}")


_READ_LATER = frozenset({"adjustments", "address", "district"})


def _as_first_read(document: Json) -> Json:
    """The document without the fields of later releases that make no difference in money."""

    def kept(part: Json) -> Json:
        return {name: value for name, value in part.items() if name not in _READ_LATER}

    parties = {name: kept(document[name]) for name in ("seller", "buyer")}
    return {**kept(document), **parties, "lines": [kept(line) for line in document["lines"]]}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if inner is not None and inner != ()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def to_json(order: Order) -> Json:
    """The order as JSON types: decimals and dates as text, absent fields left out."""
    plain: Json = _plain(asdict(order))
    return plain


READ_ERRORS = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
"""The errors of `from_json` for a stored order that another release wrote, or that a person changed by hand."""


def from_json(document: Json) -> Order:
    """The inverse of `to_json`."""

    def decimal(source: Json, name: str) -> Decimal | None:
        return Decimal(source[name]) if name in source else None

    promised = document.get("promised_on")
    return Order(
        number=document["number"],
        issued_on=date.fromisoformat(document["issued_on"]),
        currency=document["currency"],
        seller=Party(**document["seller"]),
        buyer=Party(**document["buyer"]),
        lines=tuple(
            OrderLine(
                id=line["id"],
                sku=line["sku"],
                name=line["name"],
                quantity=Decimal(line["quantity"]),
                unit=line["unit"],
                price=Decimal(line["price"]),
                base_quantity=Decimal(line["base_quantity"]),
                adjustment=Decimal(line["adjustment"]),
                amount=decimal(line, "amount"),
                tax_percent=decimal(line, "tax_percent"),
                tax_category=line.get("tax_category"),
                adjustments=_adjustments(line),
            )
            for line in document["lines"]
        ),
        totals=Totals(**{name: Decimal(value) for name, value in document["totals"].items()}),
        adjustment=Decimal(document["adjustment"]),
        gift_card=document.get("gift_card"),
        promised_on=date.fromisoformat(promised) if promised else None,
        requested_document=document.get("requested_document"),
        adjustments=_adjustments(document),
    )


def _adjustments(document: Json) -> tuple[Adjustment, ...]:
    return tuple(
        Adjustment(amount=Decimal(each["amount"]), reason=each.get("reason"), tax_category=each.get("tax_category"))
        for each in document.get("adjustments", ())
    )
