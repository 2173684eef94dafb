"""The texts of a printed tax document, whatever they are drawn with.

Resolución Exenta SII 45 of 2003 and its manual of printed samples say what it shows. Always in Spanish.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mtd.queries.orders.tax_document import PrintedDocument
from portal.pages.orders.stamp_barcode import Barcode, barcode_of
from portal.rendering import formats

KINDS: Mapping[int, str] = {
    33: "FACTURA ELECTRÓNICA",
    34: "FACTURA NO AFECTA O EXENTA ELECTRÓNICA",
    39: "BOLETA ELECTRÓNICA",
    41: "BOLETA NO AFECTA O EXENTA ELECTRÓNICA",
    52: "GUÍA DE DESPACHO ELECTRÓNICA",
    56: "NOTA DE DÉBITO ELECTRÓNICA",
    61: "NOTA DE CRÉDITO ELECTRÓNICA",
    110: "FACTURA DE EXPORTACIÓN ELECTRÓNICA",
    111: "NOTA DE DÉBITO DE EXPORTACIÓN ELECTRÓNICA",
    112: "NOTA DE CRÉDITO DE EXPORTACIÓN ELECTRÓNICA",
}
TOTAL = "Total"
STAMP = "Timbre Electrónico SII"
VERIFY = "Verifique documento: www.sii.cl"
SIMULATED = "Timbre del simulador de Paperless, no del SII. Documento sin validez tributaria."
KEPT_ELSEWHERE = (
    "Timbre electrónico (TED): está en el documento que guarda Paperless. Esta es una copia para uso interno."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the document, its figures written as people read them."""

    name: str
    quantity: str
    price: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A printed document. `rut`, `kind` and `folio` go into the red box, `office` (of the SII) under it; `fields` and
    `sums` are pairs of label and text, and the label of the total begins with TOTAL; `stamp` are the
    lines under the barcode, or in its place."""

    issuer: str
    about: Sequence[str]
    rut: str
    kind: str
    folio: str
    office: str
    fields: Sequence[tuple[str, str]]
    lines: Sequence[Line]
    sums: Sequence[tuple[str, str]]
    stamp: Sequence[str]
    barcode: Barcode | None = None


def sheet_of(document: PrintedDocument, *, simulated: bool) -> Sheet:
    """`simulated` says that no real Paperless has stamped the document."""
    order, row = document.order, document.row
    seller = order.seller
    barcode = barcode_of(row.get("stamp"))
    return Sheet(
        issuer=seller.name,
        about=[text for text in (seller.activity, seller.city, seller.country) if text],
        rut=rut(seller.rut or seller.id),
        kind=KINDS.get(row["document_type"], f"DOCUMENTO TIPO {row['document_type']}"),
        folio=str(row["folio"]),
        office=f"S.I.I. - {seller.city.upper()}" if seller.city and seller.rut else "S.I.I.",
        fields=[(label, text) for label, text in _fields(document) if text],
        lines=[
            Line(
                name=name,
                quantity=_quantity(quantity),
                price=formats.money(price, order.currency, "es", bare=True),
                amount=formats.money(amount, order.currency, "es", bare=True),
            )
            for name, quantity, price, amount in document.lines
        ],
        sums=[(label, formats.money(amount, order.currency, "es", bare=True)) for label, amount in sums_of(document)],
        stamp=stamp_lines(barcode, simulated=simulated),
        barcode=barcode,
    )


def stamp_lines(barcode: Barcode | None, *, simulated: bool) -> list[str]:
    """The lines under the barcode, or in its place. A simulator's stamp says that it is none of the SII."""
    if simulated:
        return [SIMULATED]
    return [KEPT_ELSEWHERE] if barcode is None else [STAMP, VERIFY]


def sums_of(document: PrintedDocument) -> list[tuple[str, Decimal]]:
    """The order's discounts, the net and exempt parts and IVA, the total, and the prepaid amount."""
    sums, totals = document.sums, document.order.totals
    rates = {line.tax_percent for line in document.order.lines if line.tax_percent is not None}
    rate = f" ({formats.number(rates.pop(), 'es')} %)" if len(rates) == 1 else ""
    listed = [("Descuentos y recargos", document.changes)] if document.changes else []
    if sums.tax:
        listed += [("Monto neto", sums.tax_exclusive - sums.exempt), (f"IVA{rate}", sums.tax)]
    if sums.exempt or not sums.tax:
        listed.append(("Monto exento", sums.exempt if sums.tax else sums.tax_exclusive))
    total = (f"{TOTAL} {document.order.currency}", document.row["document_amount"])
    if totals.prepaid and document.holds_prepaid:
        return [*listed, total, ("Pagado antes", totals.prepaid)]
    if totals.prepaid:
        listed.append(("Pagado antes", -totals.prepaid))
    if totals.rounding:
        listed.append(("Redondeo", totals.rounding))
    return [*listed, total]


def rut(number: str) -> str:
    """12345678-5 as people write it, 12.345.678-5; any other identifier as it is."""
    body, dash, check = number.partition("-")
    return f"{int(body):,}{dash}{check}".replace(",", ".") if dash and body.isascii() and body.isdecimal() else number


def _fields(document: PrintedDocument) -> list[tuple[str, str | None]]:
    buyer = document.order.buyer
    cancelled = document.cancels and f"{KINDS.get(document.cancels[0], document.cancels[0])} N° {document.cancels[1]}"
    return [
        ("Fecha de emisión", document.day.strftime("%d-%m-%Y")),
        ("Señor(es)", buyer.name),
        ("R.U.T.", rut(document.receiver)),
        ("Giro", buyer.activity),
        ("Ciudad", ", ".join(part for part in (buyer.city, buyer.country) if part)),
        ("Orden de compra", document.order.number),
        ("Anula", cancelled),
    ]


def _quantity(quantity: Decimal) -> str:
    whole = quantity == quantity.to_integral_value()
    return formats.number(quantity, "es", 0 if whole else 3)
