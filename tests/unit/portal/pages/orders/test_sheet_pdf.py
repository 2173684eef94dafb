"""A tax document as PDF: its texts, on as many pages as it needs, whatever letters and lengths an order brings.

pypdf reads the pages: what it finds, a reader can search and copy.
"""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pypdf import PdfReader
from tests.unit.portal.pages.orders.test_documents import ORDER

from mtd.domain.orders.order import Order, Totals
from mtd.domain.orders.totals import amounts, line_amount
from mtd.domain.tax.rut import FOREIGN_BUYER
from mtd.queries.orders.tax_document import PrintedDocument
from portal.pages.orders.sheet_pdf import REPLACED, pdf_of
from portal.pages.orders.tax_sheet import KEPT_ELSEWHERE, SIMULATED, rut, sheet_of, sums_of

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def printed(order: Order = ORDER, kind: int = 33, cancels: tuple[int, int] | None = None) -> PrintedDocument:
    sums = amounts(order)
    row = {
        "document_type": kind,
        "folio": 1234,
        "issued_at": AT,
        "document_amount": sums.payable,
        "document_currency": order.currency,
    }
    lines = [(each.name, each.quantity, each.price, line_amount(each, order.currency)) for each in order.lines]
    return PrintedDocument(
        row=row, order=order, sums=sums, lines=lines, receiver=order.buyer.rut or FOREIGN_BUYER, cancels=cancels
    )


def pages(document: PrintedDocument, *, simulated: bool = True) -> list[str]:
    """The text of each page, on one line."""
    file = PdfReader(io.BytesIO(pdf_of(sheet_of(document, simulated=simulated))))
    return [" ".join(page.extract_text().split()) for page in file.pages]


@pytest.mark.parametrize(
    ("kind", "name"),
    [(33, "FACTURA ELECTRÓNICA"), (39, "BOLETA ELECTRÓNICA"), (110, "FACTURA DE EXPORTACIÓN"), (61, "NOTA DE CRÉDITO")],
)
def test_it_has_what_the_sii_asks_of_a_printed_document(kind: int, name: str) -> None:
    """Resolución Exenta SII 45 of 2003: RUT, kind and folio in the box, issuer, receiver, lines, sums."""
    [page] = pages(printed(kind=kind))
    for expected in (
        "R.U.T.: 76.000.000-0",
        name,
        "N° 1234",
        "S.I.I.",
        "Ñuñoa Ltda.",
        "Ana <b>",
        "12.345.678-5",
        "02-01-2026",
        "O-7",
        "Silla & mesa",
        "5.000",
        "10.000",
        "IVA (19 %)",
        "1.900",
        "11.900",
        "Página 1 de 1",
    ):
        assert expected in page, expected


def test_the_stamp_says_whose_it_is() -> None:
    for simulated, expected in ((True, SIMULATED), (False, KEPT_ELSEWHERE)):
        [page] = pages(printed(), simulated=simulated)
        assert expected in page


def test_a_credit_note_names_what_it_cancels() -> None:
    [page] = pages(printed(kind=61, cancels=(33, 77)))
    assert "Anula: FACTURA ELECTRÓNICA N° 77" in page


def test_two_thousand_lines_fill_pages_and_each_is_there_once() -> None:
    lines = tuple(replace(ORDER.lines[0], id=str(n), name=f"Artículo {n}.") for n in range(1, 2001))
    found = pages(printed(replace(ORDER, lines=lines)))
    assert len(found) > 20
    assert f"Página {len(found)} de {len(found)}" in found[-1]
    assert [number for page in found for number in re.findall(r"Artículo (\d+)\.", page)] == [
        str(n) for n in range(1, 2001)
    ]
    for page in found:
        assert "Descripción Cantidad Precio Valor" in page, "each page has the table's head"
    assert all("FACTURA ELECTRÓNICA N° 1234 (continuación)" in page for page in found[1:])
    assert "(continuación)" not in found[0]


@pytest.mark.parametrize("count", range(28, 50, 3))
def test_sums_and_stamp_are_together_on_the_last_page(count: int) -> None:
    lines = tuple(replace(ORDER.lines[0], id=str(n)) for n in range(count))
    found = pages(printed(replace(ORDER, lines=lines)))
    assert ["Total CLP" in page for page in found] == [False] * (len(found) - 1) + [True]
    assert SIMULATED in found[-1]


@pytest.mark.parametrize("name", ["palabra " * 900, "x" * 10_000, "", "\x00\ud800\u202e", "W" * 10_000])
def test_texts_of_any_length_fit(name: str) -> None:
    order = replace(
        ORDER,
        seller=replace(ORDER.seller, name=name, activity=name, city=name[:300]),
        buyer=replace(ORDER.buyer, name=name),
        lines=(replace(ORDER.lines[0], name=name),),
    )
    found = pages(printed(order))
    assert len(found) <= 2
    assert "Total CLP" in found[-1]


def test_the_font_has_the_letters_of_latin_greek_and_cyrillic() -> None:
    name = "Łódź Ünal Şırnak Čapek Ñandú Ελλάς Жуков Nguyễn €"
    [page] = pages(printed(replace(ORDER, buyer=replace(ORDER.buyer, name=name))))
    assert name in page
    assert REPLACED not in page


def test_a_letter_that_the_font_lacks_is_replaced_and_that_is_said() -> None:
    [page] = pages(printed(replace(ORDER, buyer=replace(ORDER.buyer, name="山田 Ana"))))
    assert "?? Ana" in page
    assert REPLACED in page


def test_the_font_is_embedded() -> None:
    """A PDF without its font looks otherwise on another machine: ISO 32000-1, 9.9."""
    file = PdfReader(io.BytesIO(pdf_of(sheet_of(printed(), simulated=True))))
    fonts = [font.get_object() for font in file.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    used = [font for font in fonts if "SourceSans" in str(font["/BaseFont"])]
    assert len(used) == 2
    assert all("/FontFile2" in font["/FontDescriptor"] for font in used)


def test_a_gift_cards_share_is_between_the_sums_and_the_total() -> None:
    order = replace(ORDER, totals=Totals(prepaid=Decimal(1900)))
    assert sums_of(printed(order)) == [
        ("Monto neto", Decimal(10000)),
        ("IVA (19 %)", Decimal(1900)),
        ("Pagado antes", Decimal(-1900)),
        ("Total CLP", Decimal(10000)),
    ]


def test_an_export_without_tax_is_exempt() -> None:
    order = replace(ORDER, lines=(replace(ORDER.lines[0], tax_percent=None),), buyer=replace(ORDER.buyer, rut=None))
    assert sums_of(printed(order, kind=110)) == [("Monto exento", Decimal(10000)), ("Total CLP", Decimal(10000))]


def test_the_same_document_is_the_same_file() -> None:
    sheet = sheet_of(printed(), simulated=True)
    assert pdf_of(sheet) == pdf_of(sheet)


@pytest.mark.parametrize(
    ("given", "shown"), [("76000000-0", "76.000.000-0"), ("5-K", "5-K"), ("GLN 7301", "GLN 7301"), ("", "")]
)
def test_a_rut_is_written_as_people_write_it(given: str, shown: str) -> None:
    assert rut(given) == shown


def test_what_was_paid_before_is_below_a_total_that_holds_it() -> None:
    """[F] field 124: MntTotal is net, exempt part and IVA, whatever was paid before."""
    order = replace(ORDER, totals=Totals(prepaid=Decimal(1900)))
    given = printed(order)
    given = replace(given, row={**given.row, "document_amount": Decimal(11900)})

    assert sums_of(given)[-2:] == [("Total CLP", Decimal(11900)), ("Pagado antes", Decimal(1900))]


def test_the_discount_of_the_order_and_the_exempt_part_are_listed() -> None:
    line = ORDER.lines[0]
    exempt = replace(line, tax_percent=None, tax_category="E")
    order = replace(ORDER, lines=(line, exempt), adjustment=Decimal(-1000))

    assert sums_of(printed(order)) == [
        ("Descuentos y recargos", Decimal(-1000)),
        ("Monto neto", Decimal(9000)),
        ("IVA (19 %)", Decimal(1710)),
        ("Monto exento", Decimal(10000)),
        ("Total CLP", Decimal(20710)),
    ]
