"""The receiver of a document."""

from mtd.domain.orders.order import Order
from mtd.domain.tax.amounts.currencies import customs_code
from mtd.domain.tax.document import Receiver
from mtd.domain.tax.kinds import BOLETAS, EXPORTS, DocumentType, receiver_rut
from mtd.domain.tax.wire.wire_text import Remark, fit

UNKNOWN = "Sin informacion"
"""Stands in a field that a factura must have ([F] marks GiroRecep, DirRecep and CmnaRecep so) and an order lacks."""


def receiver_of(order: Order, kind: DocumentType, remark: Remark) -> Receiver:
    """The buyer, in the lengths of [X] and [B]."""
    buyer = order.buyer

    def field(name: str, text: str | None, length: int, *, required: bool = False) -> str | None:
        written = fit(text or "", length, name, remark)
        if written or not required:
            return written or None
        remark(f"{name}: the order does not say it")
        return UNKNOWN

    domestic = kind not in BOLETAS and kind not in EXPORTS
    city = field("CiudadRecep", buyer.city, 20)
    foreign = kind in EXPORTS
    return Receiver(
        rut=receiver_rut(order) if not foreign or buyer.rut is None else buyer.rut,
        name=field("RznSocRecep", buyer.name or buyer.id, 100, required=True) or UNKNOWN,
        activity=field("GiroRecep", buyer.activity, 40, required=domestic),
        address=field("DirRecep", buyer.address, 70, required=domestic),
        district=field("CmnaRecep", buyer.district or buyer.city, 20, required=domestic),
        city=city,
        email=buyer.email if buyer.email and len(buyer.email) <= 80 and buyer.email.isascii() else None,
        foreign_id=field("NumId", buyer.id, 20) if foreign else None,
        nationality=customs_code(buyer.country) if foreign else None,
    )
