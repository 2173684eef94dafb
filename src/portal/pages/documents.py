"""An order's tax document: as a ticket to print, and as XML in the SII's names."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from starlette.responses import Response

from mtd.domain.dte import receiver_rut
from mtd.domain.errors import NotFound
from mtd.domain.order import Order, from_json
from mtd.domain.totals import Amounts, amounts, line_amount
from mtd.queries.order_page import order_page
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document that was issued: `row` has type, folio, moment and amount; `lines` have name, quantity, price and
    amount."""

    row: dict[str, Any]
    order: Order
    sums: Amounts
    lines: list[tuple[str, Decimal, Decimal, Decimal]]


def ticket(visit: Visit) -> Response:
    """What a boleta (39), a factura (33) or an export invoice (110) says. Raises NotFound where none was issued."""
    paper = _paper(visit)
    return visit.page("ticket.html", paper=paper, row=paper.row, receiver=receiver_rut(paper.order))


def xml(visit: Visit) -> Response:
    """The document's data; what is signed and stamped is Paperless's. Raises NotFound where none was issued."""
    paper = _paper(visit)
    name = f"DTE-{paper.row['document_type']}-{paper.row['folio']}.xml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(_dte(paper), media_type="application/xml", headers=headers)


def _paper(visit: Visit) -> Paper:
    row = order_page(visit.services.read, visit.request.path_params["order"]).order
    if row["folio"] is None:
        raise NotFound("the order has no tax document", code="no_tax_document")
    order = from_json(row["document"])
    lines = [(each.name, each.quantity, each.price, line_amount(each, order.currency)) for each in order.lines]
    return Paper(row=row, order=order, sums=amounts(order), lines=lines)


def _dte(paper: Paper) -> bytes:
    """SII, Formato DTE: Encabezado, Detalle, Referencia."""
    row, order = paper.row, paper.order
    net = row["document_amount"] - paper.sums.tax
    document: dict[str, Any] = {
        "Encabezado": {
            "IdDoc": {"TipoDTE": row["document_type"], "Folio": row["folio"], "FchEmis": row["issued_at"].date()},
            "Emisor": {"RUTEmisor": order.seller.rut or order.seller.id, "RznSoc": order.seller.name},
            "Receptor": {
                "RUTRecep": receiver_rut(order),
                "RznSocRecep": order.buyer.name,
                "GiroRecep": order.buyer.activity,
            },
            "Totales": {
                "TpoMoneda": order.currency,
                "MntNeto": net,
                "IVA": paper.sums.tax,
                "MntTotal": row["document_amount"],
            },
        }
    }
    root = ElementTree.Element("DTE", version="1.0")
    body = ElementTree.SubElement(root, "Documento", ID=f"T{row['document_type']}F{row['folio']}")
    _write(body, document)
    for number, (name, quantity, price, amount) in enumerate(paper.lines, 1):
        detail = {"NroLinDet": number, "NmbItem": name, "QtyItem": quantity, "PrcItem": price, "MontoItem": amount}
        _write(body, {"Detalle": detail})
    _write(body, {"Referencia": {"NroLinRef": 1, "TpoDocRef": 801, "FolioRef": order.number}})
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _write(parent: ElementTree.Element, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, dict):
            _write(ElementTree.SubElement(parent, name), value)
        elif value is not None:
            text = format(value, "f") if isinstance(value, Decimal) else str(value)
            # An order's text may hold what XML cannot.
            ElementTree.SubElement(parent, name).text = "".join(c if c.isprintable() else " " for c in text)
