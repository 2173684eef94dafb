"""A document as it is sent: the SII's elements in the order of its schemas, without folio, stamp and signature.

Documento of [X] for facturas, notes and guías; Exportaciones of [X] for export documents; Documento of [B] for boletas.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from mtd.domain.tax.amounts.currencies import NAME_OF_PESOS, name_of
from mtd.domain.tax.document import TaxDocument
from mtd.domain.tax.kinds import FACTURAS, DocumentType
from mtd.domain.tax.wire.elements import Field, written
from mtd.domain.tax.wire.lines_xml import parts
from mtd.domain.tax.wire.wire_text import encodable

ENCODING = "ISO-8859-1"
_SALES_AND_SERVICES, _NET_LINES = 3, 2
_DISPATCHED_BY_ISSUER, _SALE = 2, 1
_MOST_OF_PAYMENT = 40


def write(document: TaxDocument) -> bytes:
    """The document in ISO-8859-1 ([F] p. 10), in the SII's namespace."""
    body = _exports(document) if document.is_export else _document(document)
    root = "Exportaciones" if document.is_export else "Documento"
    text = "".join(written([("DTE", [(root, list(body))])]))
    text = text.replace("<DTE>", '<DTE xmlns="http://www.sii.cl/SiiDte" version="1.0">', 1)
    return f'<?xml version="1.0" encoding="{ENCODING}"?>{text}'.encode(ENCODING)


def _document(document: TaxDocument) -> Iterator[Field]:
    boleta = document.is_boleta
    yield (
        "Encabezado",
        [
            ("IdDoc", list(_boleta_id(document) if boleta else _id(document))),
            ("Emisor", list(_boleta_issuer(document) if boleta else _issuer(document))),
            ("Receptor", list(_receiver(document))),
            ("Totales", list(_totals(document))),
        ],
    )
    yield from parts(document)


def _exports(document: TaxDocument) -> Iterator[Field]:
    totals = document.totals
    other: list[Field] = []
    if (exchange := document.exchange) is not None:
        other = [
            ("TpoMoneda", NAME_OF_PESOS),
            ("TpoCambio", exchange.pesos_per_unit.quantize(Decimal("0.0001"), ROUND_HALF_UP)),
            ("MntExeOtrMnda", exchange.total),
            ("MntTotOtrMnda", exchange.total),
        ]
    yield (
        "Encabezado",
        [
            ("IdDoc", [("TipoDTE", int(document.kind)), ("FchEmis", document.issued_on.isoformat())]),
            ("Emisor", list(_issuer(document))),
            ("Receptor", list(_receiver(document))),
            (
                "Totales",
                [("TpoMoneda", name_of(document.currency)), ("MntExe", totals.exempt), ("MntTotal", totals.total)],
            ),
            ("OtraMoneda", other),
        ],
    )
    yield from parts(document)


def _id(document: TaxDocument) -> Iterator[Field]:
    yield "TipoDTE", int(document.kind)
    yield "FchEmis", document.issued_on.isoformat()
    if document.kind is DocumentType.DELIVERY_NOTE:
        yield "TipoDespacho", _DISPATCHED_BY_ISSUER
        yield "IndTraslado", _SALE
    if document.gross:
        yield "MntBruto", 1
    if document.prepaid and document.kind in FACTURAS:
        yield (
            "MntPagos",
            [
                ("FchPago", document.issued_on.isoformat()),
                ("MntPago", document.prepaid),
                ("GlosaPagos", "Pagado antes"[:_MOST_OF_PAYMENT]),
            ],
        )


def _boleta_id(document: TaxDocument) -> Iterator[Field]:
    yield "TipoDTE", int(document.kind)
    yield "FchEmis", document.issued_on.isoformat()
    yield "IndServicio", _SALES_AND_SERVICES
    if not document.gross and document.totals.net:
        yield "IndMntNeto", _NET_LINES


def _issuer(document: TaxDocument) -> Iterator[Field]:
    issuer = document.issuer
    yield "RUTEmisor", issuer.rut
    yield "RznSoc", encodable(issuer.name)[:100]
    yield "GiroEmis", encodable(issuer.activity)[:80]
    for code in issuer.activity_codes:
        yield "Acteco", code
    yield from _origin(document)


def _boleta_issuer(document: TaxDocument) -> Iterator[Field]:
    issuer = document.issuer
    yield "RUTEmisor", issuer.rut
    yield "RznSocEmisor", encodable(issuer.name)[:100]
    yield "GiroEmisor", encodable(issuer.activity)[:80]
    yield from _origin(document)


def _origin(document: TaxDocument) -> Iterator[Field]:
    issuer = document.issuer
    yield "CdgSIISucur", issuer.branch
    yield "DirOrigen", encodable(issuer.address or "")[:70]
    yield "CmnaOrigen", encodable(issuer.district or "")[:20]
    yield "CiudadOrigen", encodable(issuer.city or "")[:20]


def _receiver(document: TaxDocument) -> Iterator[Field]:
    receiver = document.receiver
    yield "RUTRecep", receiver.rut
    yield "RznSocRecep", receiver.name
    if not document.is_boleta:
        yield "Extranjero", [("NumId", receiver.foreign_id), ("Nacionalidad", receiver.nationality)]
        yield "GiroRecep", receiver.activity
        yield "CorreoRecep", receiver.email
    yield "DirRecep", receiver.address
    yield "CmnaRecep", receiver.district
    yield "CiudadRecep", receiver.city


def _totals(document: TaxDocument) -> Iterator[Field]:
    totals = document.totals
    taxed = any(not each.exempt for each in document.details)
    if taxed:
        yield "MntNeto", totals.net
    if totals.exempt or not taxed:
        yield "MntExe", totals.exempt
    if taxed and not document.is_boleta:
        yield "TasaIVA", totals.rate * 100
        yield "IVA", totals.tax
    elif totals.tax:
        # [B] takes no IVA of 0, which a boleta of a peso or two has.
        yield "IVA", totals.tax
    yield "MntTotal", totals.total
