import pytest
from tests.support.orders import OrderFile

from mtd.domain.orders import ubl
from mtd.domain.tax import kinds
from mtd.domain.tax.kinds import DocumentType


@pytest.mark.parametrize(
    ("rut", "asked", "expected", "receiver"),
    [
        ("12345678-5", "", DocumentType.BOLETA, "12345678-5"),
        ("76123456-0", "", DocumentType.FACTURA, "76123456-0"),
        ("12345678-5", "33", DocumentType.FACTURA, "12345678-5"),
        ("76123456-0", "39", DocumentType.BOLETA, "76123456-0"),
        ("12345678-5", "220", DocumentType.BOLETA, "12345678-5"),
        (None, "", DocumentType.EXPORT_INVOICE, "55555555-5"),
        (None, "33", DocumentType.EXPORT_INVOICE, "55555555-5"),
    ],
)
def test_the_document_fits_the_buyer(rut: str | None, asked: str, expected: DocumentType, receiver: str) -> None:
    extra = f"<cbc:OrderTypeCode>{asked}</cbc:OrderTypeCode>" if asked else ""
    order = ubl.parse_order(OrderFile(number="N", buyer_rut=rut, extra=extra).xml().encode())

    assert kinds.document_type(order) == expected
    assert kinds.receiver_rut(order) == receiver


@pytest.mark.parametrize(("cancelled", "by"), [(33, 61), (39, 61), (110, 112)])
def test_an_export_invoice_is_cancelled_by_an_export_credit_note(cancelled: int, by: int) -> None:
    assert kinds.credit_note_type(cancelled) == by
