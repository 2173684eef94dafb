"""An order's tax document: as a ticket to print, as PDF, and as XML in the SII's names."""

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from starlette.responses import Response

from mtd.queries.orders.tax_document import PrintedDocument, credit_note, tax_document
from portal.pages.orders.dte_pdf import tax_document_pdf
from portal.visit import Visit


def ticket(visit: Visit) -> Response:
    """What a boleta (39), a factura (33) or an export invoice (110) says. Raises NotFound where none was issued."""
    paper = _paper(visit)
    return visit.page("orders/ticket.html", paper=paper, row=paper.row, receiver=paper.receiver)


def xml(visit: Visit) -> Response:
    """The document's data; what is signed and stamped is Paperless's. Raises NotFound where none was issued."""
    paper = _paper(visit)
    name = f"DTE-{paper.row['document_type']}-{paper.row['folio']}.xml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(_dte(paper), media_type="application/xml", headers=headers)


def pdf(visit: Visit) -> Response:
    """As a printed document looks. Raises NotFound where none was issued."""
    return _pdf(visit, _paper(visit))


def credit_note_pdf(visit: Visit) -> Response:
    """The note that cancelled it. Raises NotFound where none was issued."""
    order_id = visit.request.path_params["order"]
    return _pdf(visit, credit_note(visit.read, order_id, visit.api.archived, _part(visit)))


def _pdf(visit: Visit, paper: PrintedDocument) -> Response:
    name = f"DTE-{paper.row['document_type']}-{paper.row['folio']}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    content = tax_document_pdf(paper, simulated=visit.services.settings.simulates)
    return Response(content, media_type="application/pdf", headers=headers)


def _paper(visit: Visit) -> PrintedDocument:
    return tax_document(visit.read, visit.request.path_params["order"], visit.api.archived, _part(visit))


def _part(visit: Visit) -> int:
    """Which of several documents is asked for, counted from 1."""
    given = visit.request.query_params.get("part", "1")
    return int(given) if given.isascii() and given.isdigit() and 0 < len(given) < 4 and int(given) else 1


def _dte(paper: PrintedDocument) -> bytes:
    """SII, Formato DTE: Encabezado, Detalle, Referencia."""
    row, order = paper.row, paper.order
    document: dict[str, Any] = {
        "Encabezado": {
            "IdDoc": {"TipoDTE": row["document_type"], "Folio": row["folio"], "FchEmis": paper.day},
            "Emisor": {"RUTEmisor": order.seller.rut or order.seller.id, "RznSoc": order.seller.name},
            "Receptor": {
                "RUTRecep": paper.receiver,
                "RznSocRecep": order.buyer.name,
                "GiroRecep": order.buyer.activity,
            },
            "Totales": {
                "TpoMoneda": order.currency,
                "MntNeto": paper.sums.tax_exclusive - paper.sums.exempt,
                "MntExe": paper.sums.exempt or None,
                "IVA": paper.sums.tax,
                "MntTotal": row["document_amount"],
            },
        }
    }
    root = ElementTree.Element("DTE", version="1.0")
    body = ElementTree.SubElement(root, "Documento", ID=f"T{row['document_type']}F{row['folio']}")
    _write(body, document)
    for number, (name, quantity, price, amount) in enumerate(paper.lines, 1):
        detail = {"NroLinDet": number, "NmbItem": name, "QtyItem": quantity, "PrcItem": price}
        _write(body, {"Detalle": {**detail, **_changes(paper, number), "MontoItem": amount}})
    for number, change in enumerate(paper.document.changes if paper.document else (), 1):
        told = {"NroLinDR": number, "TpoMov": "D" if change.amount < 0 else "R", "GlosaDR": change.reason}
        _write(body, {"DscRcgGlobal": {**told, "TpoValor": "$", "ValorDR": abs(change.amount)}})
    _write(body, {"Referencia": {"NroLinRef": 1, "TpoDocRef": 801, "FolioRef": order.number}})
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _changes(paper: PrintedDocument, number: int) -> dict[str, Decimal | None]:
    """A line's discount and surcharge."""
    if paper.document is None:
        return {}
    detail = paper.document.details[number - 1]
    return {"DescuentoMonto": detail.discount or None, "RecargoMonto": detail.surcharge or None}


def _write(parent: ElementTree.Element, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, dict):
            _write(ElementTree.SubElement(parent, name), value)
        elif value is not None:
            text = format(value, "f") if isinstance(value, Decimal) else str(value)
            # An order's text may hold what XML cannot.
            ElementTree.SubElement(parent, name).text = "".join(c if c.isprintable() else " " for c in text)
