"""An order's tax document: as a ticket to print, as PDF, and as XML in the SII's names."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar
from xml.etree import ElementTree

from starlette.responses import Response

from mtd.queries.orders.tax_document import PrintedDocument, credit_note, tax_document
from portal.pages.orders.sheet_pdf import pdf_of
from portal.pages.orders.stamp_barcode import Barcode, barcode_of
from portal.pages.orders.tax_sheet import sheet_of, stamp_lines
from portal.rendering.context import Context
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketContext(Context):
    template: ClassVar[str] = "orders/ticket.html"

    document: PrintedDocument
    barcode: Barcode | None
    #: The lines under the barcode, or in its place.
    stamp: list[str]


def ticket(visit: Visit) -> Response:
    """A boleta (39), a factura (33) or an export invoice (110) to print. Raises NotFound where none was issued."""
    document = _document(visit)
    barcode = barcode_of(document.row.get("stamp"))
    stamp = stamp_lines(barcode, simulated=visit.services.settings.simulates)
    return visit.page(TicketContext(document=document, barcode=barcode, stamp=stamp))


def xml(visit: Visit) -> Response:
    """The document's data; Paperless keeps the signed and stamped one. Raises NotFound where none was issued."""
    document = _document(visit)
    name = f"DTE-{document.row['document_type']}-{document.row['folio']}.xml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(_dte(document), media_type="application/xml", headers=headers)


def pdf(visit: Visit) -> Response:
    """The printed document. Raises NotFound where none was issued."""
    return _pdf(visit, _document(visit))


def credit_note_pdf(visit: Visit) -> Response:
    """The credit note that cancelled it. Raises NotFound where none was issued."""
    order_id = visit.request.path_params["order"]
    return _pdf(visit, credit_note(visit.read, order_id, visit.api.archived, _part(visit)))


def _pdf(visit: Visit, document: PrintedDocument) -> Response:
    name = f"DTE-{document.row['document_type']}-{document.row['folio']}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    content = pdf_of(sheet_of(document, simulated=visit.services.settings.simulates))
    return Response(content, media_type="application/pdf", headers=headers)


def _document(visit: Visit) -> PrintedDocument:
    return tax_document(visit.read, visit.request.path_params["order"], visit.api.archived, _part(visit))


def _part(visit: Visit) -> int:
    """The number of the requested document of several, from 1."""
    given = visit.request.query_params.get("part", "1")
    return int(given) if given.isascii() and given.isdigit() and 0 < len(given) < 4 and int(given) else 1


def _dte(document: PrintedDocument) -> bytes:
    """SII, Formato DTE: Encabezado, Detalle, Referencia."""
    row, order = document.row, document.order
    fields: dict[str, Any] = {
        "Encabezado": {
            "IdDoc": {"TipoDTE": row["document_type"], "Folio": row["folio"], "FchEmis": document.day},
            "Emisor": {"RUTEmisor": order.seller.rut or order.seller.id, "RznSoc": order.seller.name},
            "Receptor": {
                "RUTRecep": document.receiver,
                "RznSocRecep": order.buyer.name,
                "GiroRecep": order.buyer.activity,
            },
            "Totales": {
                "TpoMoneda": order.currency,
                "MntNeto": document.sums.tax_exclusive - document.sums.exempt,
                "MntExe": document.sums.exempt or None,
                "IVA": document.sums.tax,
                "MntTotal": row["document_amount"],
            },
        }
    }
    root = ElementTree.Element("DTE", version="1.0")
    body = ElementTree.SubElement(root, "Documento", ID=f"T{row['document_type']}F{row['folio']}")
    _write(body, fields)
    for number, (name, quantity, price, amount) in enumerate(document.lines, 1):
        detail = {"NroLinDet": number, "NmbItem": name, "QtyItem": quantity, "PrcItem": price}
        _write(body, {"Detalle": {**detail, **_changes(document, number), "MontoItem": amount}})
    for number, change in enumerate(document.document.changes if document.document else (), 1):
        reason = {"NroLinDR": number, "TpoMov": "D" if change.amount < 0 else "R", "GlosaDR": change.reason}
        _write(body, {"DscRcgGlobal": {**reason, "TpoValor": "$", "ValorDR": abs(change.amount)}})
    _write(body, {"Referencia": {"NroLinRef": 1, "TpoDocRef": 801, "FolioRef": order.number}})
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _changes(document: PrintedDocument, number: int) -> dict[str, Decimal | None]:
    """A line's discount and surcharge."""
    if document.document is None:
        return {}
    detail = document.document.details[number - 1]
    return {"DescuentoMonto": detail.discount or None, "RecargoMonto": detail.surcharge or None}


def _write(parent: ElementTree.Element, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, dict):
            _write(ElementTree.SubElement(parent, name), value)
        elif value is not None:
            text = format(value, "f") if isinstance(value, Decimal) else str(value)
            # An order's text may hold what XML cannot.
            ElementTree.SubElement(parent, name).text = "".join(c if c.isprintable() else " " for c in text)
