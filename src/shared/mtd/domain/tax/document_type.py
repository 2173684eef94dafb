"""Which tax document (DTE, documento tributario electrónico) an order gets."""

from enum import IntEnum

from mtd.domain.orders.order import Order
from mtd.domain.tax.rut import FOREIGN_BUYER, is_legal_entity


class DocumentType(IntEnum):
    """The SII's document type codes that MTD issues."""

    FACTURA = 33
    BOLETA = 39
    CREDIT_NOTE = 61
    EXPORT_INVOICE = 110
    EXPORT_CREDIT_NOTE = 112


def document_type(order: Order) -> DocumentType:
    """Boleta for a person with a RUT, factura for a company or on request, export invoice without a RUT."""
    if order.buyer.rut is None:
        return DocumentType.EXPORT_INVOICE
    if order.requested_document in (DocumentType.FACTURA, DocumentType.BOLETA):
        return DocumentType(order.requested_document)
    return DocumentType.FACTURA if is_legal_entity(order.buyer.rut) else DocumentType.BOLETA


def credit_note_type(cancelled: int) -> DocumentType:
    """What cancels a document of that type: export documents have a credit note of their own."""
    return DocumentType.EXPORT_CREDIT_NOTE if cancelled == DocumentType.EXPORT_INVOICE else DocumentType.CREDIT_NOTE


def receiver_rut(order: Order) -> str:
    """The RUT that the document names as its receiver."""
    return order.buyer.rut or FOREIGN_BUYER
