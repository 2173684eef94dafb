"""A tax document as PDF, laid out as the SII asks of printed ones: letter size, as many pages as its lines need.

Resolución Exenta SII 45 of 2003 and its manual of printed samples: a red box with RUT, kind and folio at the top right,
the issuer beside it, receiver, lines, sums, references. Always in Spanish, whoever looks at it.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from mtd.queries.orders.tax_document import PrintedDocument
from portal.pages.orders.pdf_text import Text, rut, wrapped
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
SIMULATED = (
    "Timbre electrónico (TED): en este ambiente es del simulador de Paperless, no del SII. Documento sin validez "
    "tributaria."
)
KEPT_ELSEWHERE = (
    "Timbre electrónico (TED): está en el documento que guarda Paperless. Esta es una copia para uso interno."
)
_REPLACED = "Los caracteres que esta letra no tiene se muestran como «?»; el XML del documento los conserva."
_WIDTH, _HEIGHT = letter
_LEFT, _RIGHT, _TOP, _BOTTOM = 18 * mm, _WIDTH - 18 * mm, _HEIGHT - 16 * mm, 18 * mm
_RED, _INK, _GREY, _LINE = HexColor("#c00000"), HexColor("#111111"), HexColor("#555555"), HexColor("#bbbbbb")
_PLAIN, _BOLD, _SIZE, _LEAD = "Helvetica", "Helvetica-Bold", 8.5, 11.0
_BOX = 76 * mm
_COLUMNS = {"Cantidad": _RIGHT - 62 * mm, "Precio": _RIGHT - 32 * mm, "Valor": _RIGHT}
"""The right edges of the figures."""
_NAME_WIDTH = _COLUMNS["Cantidad"] - _LEFT - 24 * mm
_NUMBER = _LEFT + 10 * mm
_MOST_NAME_LINES = 12
# What the last page needs below its lines.
_CLOSING = 74 * mm


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of the document: its name as it wraps, and its figures."""

    number: int
    name: Sequence[str]
    figures: Sequence[str]

    @property
    def height(self) -> float:
        return len(self.name) * _LEAD + 3


def tax_document_pdf(paper: PrintedDocument, *, simulated: bool) -> bytes:
    """The file. `simulated` says that no real Paperless has stamped the document."""
    target, text = io.BytesIO(), Text()
    canvas = Canvas(target, pagesize=letter, pageCompression=1, invariant=1, lang="es-CL")
    canvas.setTitle(f"{KINDS.get(paper.row['document_type'], 'DTE')} {paper.row['folio']}")
    canvas.setAuthor(text.of(paper.order.seller.name))
    currency = paper.order.currency
    rows = [
        _Row(
            number=number,
            name=_shortened(wrapped(text.of(name), _PLAIN, _SIZE, _NAME_WIDTH)),
            figures=(_quantity(quantity), formats.money(price, currency, "es", bare=True), _money(amount, currency)),
        )
        for number, (name, quantity, price, amount) in enumerate(paper.lines, 1)
    ]
    # Drawn once on nothing, to know how much room it leaves.
    first = _head(Canvas(io.BytesIO(), pagesize=letter), paper, text)
    pages = list(_pages(rows, first - 8 * mm, _TOP - 22 * mm))
    for number, page in enumerate(pages, 1):
        if number == 1:
            y = _head(canvas, paper, text) - 8 * mm
        else:
            _say(canvas, _LEFT, _TOP, f"{_kind(paper)} N° {paper.row['folio']} (continuación)", bold=True)
            y = _TOP - 22 * mm
        y = _lines(canvas, page, y)
        if number == len(pages):
            _close(canvas, paper, text, y, simulated=simulated)
        canvas.setFillColor(_GREY)
        canvas.setFont(_PLAIN, 7.5)
        canvas.drawRightString(_RIGHT, 10 * mm, f"Página {number} de {len(pages)}")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _pages(rows: Sequence[_Row], first: float, later: float) -> Iterator[list[_Row]]:
    """The rows of each page; the last page has room for what closes the document."""
    page: list[_Row] = []
    room = first - _BOTTOM - _LEAD
    for row in rows:
        if page and row.height > room:
            yield page
            page, room = [], later - _BOTTOM - _LEAD
        page.append(row)
        room -= row.height
    yield page
    if room < _CLOSING:
        yield []


def _head(canvas: Canvas, paper: PrintedDocument, text: Text) -> float:
    """Issuer, red box and receiver; where they end."""
    seller, buyer = paper.order.seller, paper.order.buyer
    y = _TOP
    for line in wrapped(text.of(seller.name), _BOLD, 13, _RIGHT - _LEFT - _BOX - 8 * mm)[:3]:
        canvas.setFillColor(_INK)
        canvas.setFont(_BOLD, 13)
        canvas.drawString(_LEFT, y - 4 * mm, line)
        y -= 6 * mm
    for told in (seller.activity, seller.city, seller.country):
        for line in wrapped(text.of(told or ""), _PLAIN, _SIZE, _RIGHT - _LEFT - _BOX - 8 * mm)[:2] if told else ():
            _say(canvas, _LEFT, y - 3 * mm, line)
            y -= _LEAD
    box = _red_box(canvas, paper, text)
    y = min(y, box) - 8 * mm
    fields = [
        ("Fecha de emisión", paper.day.strftime("%d-%m-%Y")),
        ("Señor(es)", buyer.name),
        ("R.U.T.", rut(paper.receiver)),
        ("Giro", buyer.activity),
        ("Ciudad", ", ".join(part for part in (buyer.city, buyer.country) if part)),
        ("Orden de compra", paper.order.number),
    ]
    if paper.cancels:
        kind, folio = paper.cancels
        fields.append(("Anula", f"{KINDS.get(kind, str(kind))} N° {folio}"))
    for label, value in fields:
        if value:
            _say(canvas, _LEFT, y, f"{label}:", bold=True)
            for line in wrapped(text.of(value), _PLAIN, _SIZE, _RIGHT - _LEFT - 34 * mm)[:4]:
                _say(canvas, _LEFT + 34 * mm, y, line)
                y -= _LEAD
    return y


def _red_box(canvas: Canvas, paper: PrintedDocument, text: Text) -> float:
    """At the top right; where it ends, with the SII's office below it."""
    seller = paper.order.seller
    told = [f"R.U.T.: {rut(text.of(seller.rut or seller.id))}"]
    told += wrapped(_kind(paper), _BOLD, 11, _BOX - 8 * mm)
    told.append(f"N° {paper.row['folio']}")
    height = (len(told) * 6 + 6) * mm
    canvas.setStrokeColor(_RED)
    canvas.setFillColor(_RED)
    canvas.setLineWidth(1.4)
    canvas.rect(_RIGHT - _BOX, _TOP - height, _BOX, height)
    canvas.setFont(_BOLD, 11)
    for place, line in enumerate(told):
        canvas.drawCentredString(_RIGHT - _BOX / 2, _TOP - (8 + 6 * place) * mm, line)
    office = f"S.I.I. - {text.of(seller.city).upper()}" if seller.city and seller.rut else "S.I.I."
    canvas.setFont(_BOLD, 9)
    canvas.drawCentredString(_RIGHT - _BOX / 2, _TOP - height - 5 * mm, office)
    return _TOP - height - 6 * mm


def _lines(canvas: Canvas, rows: Sequence[_Row], y: float) -> float:
    """The table's head and those rows; where they end."""
    if not rows:
        return y
    _say(canvas, _LEFT, y, "N°", bold=True)
    _say(canvas, _NUMBER, y, "Descripción", bold=True)
    for name, edge in _COLUMNS.items():
        _say(canvas, edge, y, name, bold=True, right=True)
    _rule(canvas, y - 3)
    y -= _LEAD + 3
    for row in rows:
        _say(canvas, _LEFT, y, str(row.number))
        for figure, edge in zip(row.figures, _COLUMNS.values(), strict=True):
            _say(canvas, edge, y, figure, right=True)
        for line in row.name:
            _say(canvas, _NUMBER, y, line)
            y -= _LEAD
        y -= 3
    _rule(canvas, y + 6)
    return y


def _close(canvas: Canvas, paper: PrintedDocument, text: Text, y: float, *, simulated: bool) -> None:
    """Sums at the right, the place of the stamp at the left."""
    currency, top = paper.order.currency, y - 4 * mm
    y = top
    for label, amount in paper_sums(paper):
        strong = label.startswith("Total")
        _say(canvas, _RIGHT - 34 * mm, y, label, bold=strong, right=True)
        _say(canvas, _RIGHT, y, _money(amount, currency), bold=strong, right=True)
        y -= _LEAD + 1
    width, height = 80 * mm, 30 * mm
    canvas.setStrokeColor(_GREY)
    canvas.setLineWidth(0.6)
    canvas.setDash(3, 2)
    canvas.rect(_LEFT, top - height + 6, width, height)
    canvas.setDash()
    stamp = SIMULATED if simulated else KEPT_ELSEWHERE
    lines = wrapped(stamp, _PLAIN, _SIZE, width - 8 * mm)
    for place, line in enumerate(lines):
        _say(canvas, _LEFT + 4 * mm, top - 6 * mm - place * _LEAD, line)
    if text.replaced:
        _say(canvas, _LEFT, top - height - 4 * mm, _REPLACED)


def paper_sums(paper: PrintedDocument) -> list[tuple[str, Decimal]]:
    """What the document adds up to: the order's discounts, net, exempt part and IVA, the total, what was prepaid."""
    sums, totals = paper.sums, paper.order.totals
    rates = {line.tax_percent for line in paper.order.lines if line.tax_percent is not None}
    rate = f" ({formats.number(rates.pop(), 'es')} %)" if len(rates) == 1 else ""
    told = [("Descuentos y recargos", paper.changes)] if paper.changes else []
    if sums.tax:
        told += [("Monto neto", sums.tax_exclusive - sums.exempt), (f"IVA{rate}", sums.tax)]
    if sums.exempt or not sums.tax:
        told.append(("Monto exento", sums.exempt if sums.tax else sums.tax_exclusive))
    total = (f"Total {paper.order.currency}", paper.row["document_amount"])
    if totals.prepaid and paper.holds_prepaid:
        return [*told, total, ("Pagado antes", totals.prepaid)]
    if totals.prepaid:
        told.append(("Pagado antes", -totals.prepaid))
    if totals.rounding:
        told.append(("Redondeo", totals.rounding))
    return [*told, total]


def _shortened(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _MOST_NAME_LINES else [*lines[: _MOST_NAME_LINES - 1], "…"]


def _kind(paper: PrintedDocument) -> str:
    return KINDS.get(paper.row["document_type"], f"DOCUMENTO TIPO {paper.row['document_type']}")


def _money(amount: Decimal, currency: str) -> str:
    return formats.money(amount, currency, "es", bare=True)


def _quantity(quantity: Decimal) -> str:
    whole = quantity == quantity.to_integral_value()
    return formats.number(quantity, "es", 0 if whole else 3)


def _say(canvas: Canvas, x: float, y: float, text: str, *, bold: bool = False, right: bool = False) -> None:
    canvas.setFillColor(_INK)
    canvas.setFont(_BOLD if bold else _PLAIN, _SIZE)
    (canvas.drawRightString if right else canvas.drawString)(x, y, text)


def _rule(canvas: Canvas, y: float) -> None:
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.6)
    canvas.line(_LEFT, y, _RIGHT, y)
