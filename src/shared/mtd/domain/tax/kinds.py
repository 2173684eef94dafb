"""The kinds of tax document, and which one an order gets."""

from enum import IntEnum

from mtd.domain.orders.order import Order, OrderLine
from mtd.domain.tax.rut import ANONYMOUS_BUYER, FOREIGN_BUYER, is_legal_entity


class DocumentType(IntEnum):
    """The SII's document type codes that MTD issues."""

    FACTURA = 33
    EXEMPT_FACTURA = 34
    BOLETA = 39
    EXEMPT_BOLETA = 41
    DELIVERY_NOTE = 52
    """The *guía de despacho*."""
    DEBIT_NOTE = 56
    CREDIT_NOTE = 61
    EXPORT_INVOICE = 110
    EXPORT_DEBIT_NOTE = 111
    EXPORT_CREDIT_NOTE = 112


BOLETAS = frozenset({DocumentType.BOLETA, DocumentType.EXEMPT_BOLETA})
FACTURAS = frozenset({DocumentType.FACTURA, DocumentType.EXEMPT_FACTURA})
EXPORTS = frozenset({DocumentType.EXPORT_INVOICE, DocumentType.EXPORT_DEBIT_NOTE, DocumentType.EXPORT_CREDIT_NOTE})
EXEMPT_KINDS = frozenset({DocumentType.EXEMPT_FACTURA, DocumentType.EXEMPT_BOLETA})

EXEMPT_CATEGORIES = frozenset({"E", "Z", "O", "G"})
"""UN/EDIFACT 5305: exempt, zero rate, outside of the tax's scope, export."""


def most_lines(kind: DocumentType) -> int:
    """How many Detalle a document of that kind may hold: 1,000 a boleta [B], 60 all others [F] p. 32, [X]."""
    return 1_000 if kind in BOLETAS else 60


def is_exempt(line: OrderLine, requested: int | None = None) -> bool:
    """Whether IVA is not charged on the line; `requested` is the kind of document that the order asks for."""
    if line.tax_category is not None:
        return line.tax_category in EXEMPT_CATEGORIES
    if line.tax_percent is not None:
        return line.tax_percent == 0
    return requested in EXEMPT_KINDS


def document_type(order: Order) -> DocumentType:
    """The document that an order gets.

    Without a RUT or with the generic foreign one: an export invoice, unless a boleta is asked for. The generic consumer
    gets a boleta. Otherwise what the order asks for; a company gets a factura, a person a boleta. Both are the exempt
    kind when no line is taxed.
    """
    rut, requested = order.buyer.rut, order.requested_document
    if rut == FOREIGN_BUYER or requested == DocumentType.EXPORT_INVOICE or (rut is None and requested not in BOLETAS):
        return DocumentType.EXPORT_INVOICE
    exempt = all(is_exempt(line, requested) for line in order.lines)
    if rut in (None, ANONYMOUS_BUYER) or requested in BOLETAS:
        boleta = True
    else:
        boleta = requested not in FACTURAS and not is_legal_entity(rut)
    if boleta:
        return DocumentType.EXEMPT_BOLETA if exempt else DocumentType.BOLETA
    return DocumentType.EXEMPT_FACTURA if exempt else DocumentType.FACTURA


def receiver_rut(order: Order) -> str:
    """The RUT that the document names as its receiver."""
    return order.buyer.rut or (ANONYMOUS_BUYER if document_type(order) in BOLETAS else FOREIGN_BUYER)


def credit_note_type(credited: int) -> DocumentType:
    """The kind of note that credits a document of that type: export documents have one of their own."""
    return DocumentType.EXPORT_CREDIT_NOTE if credited in EXPORTS else DocumentType.CREDIT_NOTE


def debit_note_type(debited: int) -> DocumentType:
    """The kind of note that debits, or cancels the credit note of that type."""
    return DocumentType.EXPORT_DEBIT_NOTE if debited in EXPORTS else DocumentType.DEBIT_NOTE
