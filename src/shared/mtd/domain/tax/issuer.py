"""The issuer of tax documents, and the other settings that they need."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from mtd.domain.errors import BusinessError
from mtd.domain.orders.order import Order, Party
from mtd.domain.tax import rut


class Prices(StrEnum):
    """Whether the amounts of lines are without IVA, or hold it."""

    NET = "net"
    GROSS = "gross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The Emisor of a document; lengths are cut to the SII's when it is written."""

    rut: str
    """Normalised, as `rut.normalise` writes it."""
    name: str
    """RznSoc, the registered name."""
    activity: str
    """GiroEmis, the line of business."""
    activity_codes: tuple[int, ...]
    """Acteco: one to four codes of six digits."""
    address: str | None = None
    district: str | None = None
    """The *comuna*."""
    city: str | None = None
    branch: int | None = None
    """CdgSIISucur, the SII's code of the branch."""
    prices: Prices | None = None
    """How lines are read where an order leaves its taxes out. None: net in a factura, gross in a boleta."""
    delivery_notes: bool = False
    """Whether goods leave with a guía de despacho (52), before they are invoiced."""


RETAILER = Issuer(
    rut="76123456-0",
    name="Tiendas Andes SpA",
    activity="Venta al por menor",
    activity_codes=(479100,),
    city="Santiago",
    district="Santiago",
)
"""The default of tests and of developers' machines; other environments name theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSettings:
    """The settings that tax documents need besides the order.

    `issuers` are by their RUT. `default` issues for sellers without a RUT, and lends its line of business to sellers
    whom `issuers` does not name. `pesos_per` has the pesos of one unit of a currency (ISO 4217).
    """

    issuers: Mapping[str, Issuer] = field(default_factory=dict)
    default: Issuer | None = RETAILER
    pesos_per: Mapping[str, Decimal] = field(default_factory=dict)

    def issuer_of(self, order: Order) -> Issuer:
        """The issuer of the order's documents. Raises BusinessError with code `issuer_unknown`."""
        number = order.seller.rut or order.seller.id
        if number in self.issuers:
            return self.issuers[number]
        if self.default is None:
            raise BusinessError(
                f"the seller {number[:40]} has no settings of tax documents: add it to the issuers of TaxSettings",
                code="issuer_unknown",
            )
        return _named(self.default, number, order.seller) if rut.read(number) == number else self.default


def _named(default: Issuer, number: str, seller: Party) -> Issuer:
    return replace(
        default,
        rut=number,
        name=seller.name,
        activity=seller.activity or default.activity,
        address=seller.address or default.address,
        district=seller.district or default.district,
        city=seller.city or default.city,
    )
