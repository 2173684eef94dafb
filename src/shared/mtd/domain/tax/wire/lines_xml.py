"""The body of a document: its lines, global discounts and surcharges, and references."""

from collections.abc import Iterator

from mtd.domain.tax.document import Detail, GlobalChange, Reference, TaxDocument
from mtd.domain.tax.wire.elements import Field


def parts(document: TaxDocument) -> Iterator[Field]:
    """Detalle, DscRcgGlobal and Referencia, each numbered from 1."""
    for number, each in enumerate(document.details, 1):
        yield "Detalle", list(_detail(number, each))
    for number, change in enumerate(document.changes, 1):
        yield "DscRcgGlobal", list(_change(number, change))
    for number, reference in enumerate(document.references, 1):
        yield "Referencia", list(_reference(number, reference, boleta=document.is_boleta))


def _detail(number: int, each: Detail) -> Iterator[Field]:
    yield "NroLinDet", number
    if each.code:
        yield "CdgItem", [("TpoCodigo", "INT1"), ("VlrCodigo", each.code)]
    if each.exempt:
        yield "IndExe", 1
    yield "NmbItem", each.name
    yield "DscItem", each.description
    yield "QtyItem", each.quantity
    yield "UnmdItem", each.unit
    yield "PrcItem", each.price
    yield "DescuentoMonto", each.discount or None
    yield "RecargoMonto", each.surcharge or None
    yield "MontoItem", each.amount


def _change(number: int, change: GlobalChange) -> Iterator[Field]:
    yield "NroLinDR", number
    yield "TpoMov", "D" if change.amount < 0 else "R"
    yield "GlosaDR", change.reason
    yield "TpoValor", "$"
    yield "ValorDR", abs(change.amount)
    if change.exempt:
        yield "IndExeDR", 1


def _reference(number: int, reference: Reference, *, boleta: bool) -> Iterator[Field]:
    yield "NroLinRef", number
    yield "TpoDocRef", reference.document_type
    yield "FolioRef", reference.folio
    if not boleta:
        yield "FchRef", reference.on.isoformat()
    yield "CodRef", reference.code
    yield "RazonRef", reference.reason
