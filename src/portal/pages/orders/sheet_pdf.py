"""A printed tax document as PDF: letter size, as many pages as its lines need, the table's head on each of them."""

import io
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    LongTable,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from portal.pages.orders.stamp_barcode import RATIO, Barcode
from portal.pages.orders.tax_sheet import TOTAL, Line, Sheet

REPLACED = "Los caracteres que esta letra no tiene se muestran como «?»; el XML del documento los conserva."
_RED, _INK, _GREY, _LINE = HexColor("#c00000"), HexColor("#111111"), HexColor("#555555"), HexColor("#bbbbbb")
_PLAIN, _BOLD = "SourceSans", "SourceSans-Bold"
_FILES = {_PLAIN: "SourceSansPro-Regular.ttf", _BOLD: "SourceSansPro-Bold.ttf"}
_MARGIN, _TOP, _BOTTOM = 18 * mm, 14 * mm, 16 * mm
_WIDTH = letter[0] - 2 * _MARGIN
_BOX = 76 * mm
# Within the 2 x 5 cm to 4 x 9 cm that the SII's samples have.
_STAMP = 76 * mm
# The stamp is two centimetres from the edge of the paper.
_INDENT = 2 * mm
_COLUMNS = (10 * mm, _WIDTH - 98 * mm, 24 * mm, 32 * mm, 32 * mm)
_LONGEST = 600
"""Characters of one text: the SII's names have 80, their descriptions 1,000, and a page must hold one."""

_BODY = ParagraphStyle("body", fontName=_PLAIN, fontSize=9, leading=11.5, textColor=_INK, splitLongWords=1)
_STRONG = ParagraphStyle("strong", _BODY, fontName=_BOLD)
_RIGHT = ParagraphStyle("right", _BODY, alignment=TA_RIGHT)
_RIGHT_STRONG = ParagraphStyle("right strong", _STRONG, alignment=TA_RIGHT)
_ISSUER = ParagraphStyle("issuer", _STRONG, fontSize=13, leading=16)
_BOXED = ParagraphStyle("boxed", _STRONG, fontSize=11, leading=17, textColor=_RED, alignment=TA_CENTER)
_OFFICE = ParagraphStyle("office", _BOXED, fontSize=9, leading=14)
_UNDER_STAMP = ParagraphStyle("under stamp", _BODY, fontSize=7.5, leading=9.5, alignment=TA_CENTER)
_FLUSH = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]


def pdf_of(sheet: Sheet) -> bytes:
    """The file; the same sheet is the same file."""
    target, text = io.BytesIO(), _Text(_register_fonts())
    story = [
        _head(sheet, text),
        Spacer(0, 5 * mm),
        _fields(sheet, text),
        Spacer(0, 6 * mm),
        NextPageTemplate("later"),
        _lines(sheet.lines, text),
        KeepTogether(_closing(sheet, text)),
    ]
    title = f"{sheet.kind} {sheet.folio}"
    _Pages(target, title=title, author=text.plain(sheet.issuer), continued=f"{sheet.kind} N° {sheet.folio}").build(
        story, canvasmaker=_Numbered
    )
    return target.getvalue()


class _Text:
    """Texts in the font's letters; `replaced` says whether it lacked any so far."""

    def __init__(self, known: frozenset[int]) -> None:
        self.replaced = False
        self._known = known

    def plain(self, text: str) -> str:
        """Without a letter that the font lacks: an accent is dropped where that helps, else it is a `?`."""
        letters = unicodedata.normalize("NFC", text)
        shown = letters if len(letters) <= _LONGEST else f"{letters[: _LONGEST - 1]}…"
        return "".join(self._letter(letter) for letter in shown)

    def paragraph(self, text: str, style: ParagraphStyle = _BODY) -> Paragraph:
        return Paragraph(escape(self.plain(text)), style)

    def _letter(self, letter: str) -> str:
        if not letter.isprintable():
            return " "
        base = "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
        for candidate in (letter, base):
            if candidate and all(ord(c) in self._known for c in candidate):
                return candidate
        self.replaced = True
        return "?"


class _Pages(BaseDocTemplate):
    """Letter pages; from the second one on each says what it continues."""

    def __init__(self, target: io.BytesIO, *, title: str, author: str, continued: str) -> None:
        super().__init__(
            target, pagesize=letter, title=title, author=author, lang="es-CL", invariant=1, pageCompression=1
        )
        height = letter[1] - _TOP - _BOTTOM
        frames = [
            Frame(
                _MARGIN, _BOTTOM, _WIDTH, height - above, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
            )
            for above in (0, 10 * mm)
        ]

        def continues(canvas: Canvas, _: BaseDocTemplate) -> None:
            canvas.setFont(_BOLD, 9)
            canvas.setFillColor(_INK)
            canvas.drawString(_MARGIN, letter[1] - _TOP - 3 * mm, f"{continued} (continuación)")

        self.addPageTemplates(
            [
                PageTemplate(id="first", frames=[frames[0]]),
                PageTemplate(id="later", frames=[frames[1]], onPage=continues),
            ]
        )


class _Numbered(Canvas):
    """Writes `Página 1 de 3` when it knows how many there are."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        pages = self._pages
        for number, page in enumerate(pages, 1):
            self.__dict__.update(page)
            self.setFont(_PLAIN, 8)
            self.setFillColor(_GREY)
            self.drawRightString(letter[0] - _MARGIN, 9 * mm, f"Página {number} de {len(pages)}")
            super().showPage()
        super().save()


def _head(sheet: Sheet, text: _Text) -> Table:
    """The issuer at the left, the red box at the right."""
    issuer = [text.paragraph(sheet.issuer, _ISSUER), *(text.paragraph(each) for each in sheet.about)]
    boxed = [
        [text.paragraph(f"R.U.T.: {sheet.rut}", _BOXED)],
        [text.paragraph(sheet.kind, _BOXED)],
        [text.paragraph(f"N° {sheet.folio}", _BOXED)],
    ]
    box = Table(boxed, colWidths=[_BOX], style=[("BOX", (0, 0), (-1, -1), 1.4, _RED)])
    right = [box, Spacer(0, 1 * mm), text.paragraph(sheet.office, _OFFICE)]
    return Table([[issuer, right]], colWidths=[_WIDTH - _BOX, _BOX], style=_FLUSH)


def _fields(sheet: Sheet, text: _Text) -> Table:
    rows = [[text.paragraph(f"{label}:", _STRONG), text.paragraph(value)] for label, value in sheet.fields]
    tight = [("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 0)]
    return Table(rows, colWidths=[34 * mm, _WIDTH - 34 * mm], style=[*_FLUSH, *tight])


def _lines(lines: Sequence[Line], text: _Text) -> LongTable:
    head = [
        text.paragraph("N°", _STRONG),
        text.paragraph("Descripción", _STRONG),
        *(text.paragraph(title, _RIGHT_STRONG) for title in ("Cantidad", "Precio", "Valor")),
    ]
    rows = [
        [str(number), text.paragraph(line.name), line.quantity, line.price, line.amount]
        for number, line in enumerate(lines, 1)
    ]
    style: list[Any] = [
        *_FLUSH,
        ("FONT", (0, 1), (-1, -1), _PLAIN, 9, 11.5),
        ("TEXTCOLOR", (0, 1), (-1, -1), _INK),
        ("ALIGN", (2, 1), (-1, -1), "RIGHT"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, _LINE),
        ("LINEBELOW", (0, "splitlast"), (-1, "splitlast"), 0.6, _LINE),
        ("LINEBELOW", (0, -1), (-1, -1), 0.6, _LINE),
    ]
    return LongTable([head, *rows], colWidths=_COLUMNS, repeatRows=1, style=style)


def _closing(sheet: Sheet, text: _Text) -> list[Flowable]:
    """The place of the stamp at the left, the sums at the right, and the note on letters that had to be replaced."""
    rows = []
    for label, amount in sheet.sums:
        style = _RIGHT_STRONG if label.startswith(TOTAL) else _RIGHT
        rows.append([text.paragraph(label, style), text.paragraph(amount, style)])
    tight = [("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]
    sums = Table(rows, colWidths=[_WIDTH - _INDENT - _STAMP - 38 * mm, 38 * mm], style=[*_FLUSH, *tight])
    widths = [_INDENT + _STAMP, _WIDTH - _INDENT - _STAMP]
    indented = [*_FLUSH, ("LEFTPADDING", (0, 0), (0, 0), _INDENT)]
    both = Table([[_stamp(sheet, text), sums]], colWidths=widths, style=indented)
    note = [Spacer(0, 3 * mm), text.paragraph(REPLACED)] if text.replaced else []
    return [Spacer(0, 5 * mm), both, *note]


def _stamp(sheet: Sheet, text: _Text) -> Flowable | list[Flowable]:
    """The barcode with its lines, or a frame in its place."""
    lines = [text.paragraph(line, _UNDER_STAMP) for line in sheet.stamp]
    if sheet.barcode is not None:
        return [_Bars(sheet.barcode), Spacer(0, 1 * mm), *lines]
    frame: list[Any] = [("BOX", (0, 0), (-1, -1), 0.6, _GREY, None, (3, 2)), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return Table([[lines]], colWidths=[_STAMP], rowHeights=[30 * mm], style=frame)


class _Bars(Flowable):
    """A barcode as wide as the place of the stamp."""

    def __init__(self, barcode: Barcode) -> None:
        super().__init__()
        self._barcode = barcode
        self._module = _STAMP / barcode.width
        self.width, self.height = _STAMP, self._module * barcode.height

    def draw(self) -> None:
        canvas, module = self.canv, self._module
        canvas.setFillColor(_INK)
        path = canvas.beginPath()
        for left, top, length in self._barcode.bars():
            path.rect(left * module, self.height - (top + RATIO) * module, length * module, RATIO * module)
        canvas.drawPath(path, stroke=0, fill=1)


@cache
def _register_fonts() -> frozenset[int]:
    """Source Sans Pro (SIL Open Font License) from its package; a document embeds the letters that it uses. The code
    points of all its letters."""
    folder = files("font_source_sans_pro") / "files"
    fonts = [TTFont(name, io.BytesIO((folder / file).read_bytes())) for name, file in _FILES.items()]
    for font in fonts:
        pdfmetrics.registerFont(font)
    return frozenset.intersection(*(frozenset(font.face.charToGlyph) for font in fonts))
