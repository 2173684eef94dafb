"""Tax documents for tests that hand them to Paperless themselves."""

from datetime import UTC, datetime

from mtd.domain.orders import ubl
from mtd.domain.tax.amounts import notes
from mtd.domain.tax.documents import documents_of
from mtd.domain.tax.issuer import TaxSettings
from mtd.domain.tax.issuing_day import issuing_day
from mtd.domain.tax.wire.document_xml import write
from tests.support.orders import OrderFile

_COMPANY, _PERSON = "76086428-5", "12345678-5"


def dte(number: str, kind: int = 39, total: int = 1190) -> str:
    """A document of the order of that number, of today: a boleta (39), a factura (33), or the note (61) of folio 8."""
    rut = _PERSON if kind == 39 else _COMPANY
    gross = OrderFile(number=number, buyer_rut=rut, lines=(("S", "1", str(total)),), payable=str(total), tax=None).xml()
    net = OrderFile(
        number=number,
        buyer_rut=rut,
        lines=(("S", "1", str(round(total / 1.19))),),
        payable=str(total),
        tax=str(total - round(total / 1.19)),
    ).xml()
    order = ubl.parse_order((gross if kind == 39 else net).encode())
    today = issuing_day(datetime.now(UTC))
    [document] = documents_of(order, TaxSettings(), today)
    if kind == 61:
        document = notes.credit_note_of(document, 8, today)
    return write(document).decode("iso-8859-1")
