"""A tax document as PDF: what it says, on as many pages as it needs, whatever letters and lengths an order brings."""

import re
import zlib
from base64 import a85decode
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.unit.portal.test_documents import ORDER

from mtd.domain.orders.order import Order, Totals
from mtd.domain.orders.totals import amounts, line_amount
from mtd.domain.tax.rut import FOREIGN_BUYER
from mtd.queries.orders.tax_document import PrintedDocument
from portal.pages.orders.dte_pdf import KEPT_ELSEWHERE, SIMULATED, paper_sums, tax_document_pdf
from portal.pages.orders.pdf_text import Text, rut, wrapped

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def paper(order: Order = ORDER, kind: int = 33, cancels: tuple[int, int] | None = None) -> PrintedDocument:
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


def pages(document: bytes) -> list[str]:
    """What each page says, in the order in which it is drawn, its pieces separated by new lines."""
    expected = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", document, re.DOTALL):
        content = zlib.decompress(a85decode(stream.strip(), adobe=True) if stream.strip().endswith(b"~>") else stream)
        pieces = re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", content)
        plain = [re.sub(rb"\\(\d{3})", lambda octal: bytes([int(octal[1], 8)]), piece) for piece in pieces]
        expected.append("\n".join(re.sub(rb"\\(.)", rb"\1", piece).decode("cp1252") for piece in plain))
    return expected


@pytest.mark.parametrize(
    ("kind", "name"),
    [(33, "FACTURA ELECTRÓNICA"), (39, "BOLETA ELECTRÓNICA"), (110, "FACTURA DE EXPORTACIÓN"), (61, "NOTA DE CRÉDITO")],
)
def test_it_says_what_the_sii_asks_of_a_printed_document(kind: int, name: str) -> None:
    document = tax_document_pdf(paper(kind=kind), simulated=True)
    assert document.startswith(b"%PDF-")
    [page] = pages(document)
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


def test_who_has_stamped_it_is_said_plainly() -> None:
    for simulated, expected in ((True, SIMULATED), (False, KEPT_ELSEWHERE)):
        [page] = pages(tax_document_pdf(paper(), simulated=simulated))
        assert expected in page.replace("\n", " ")


def test_a_credit_note_names_what_it_cancels() -> None:
    [page] = pages(tax_document_pdf(paper(kind=61, cancels=(33, 77)), simulated=True))
    assert "Anula:\nFACTURA ELECTRÓNICA N° 77" in page


def test_two_thousand_lines_fill_pages_and_each_is_there_once() -> None:
    lines = tuple(replace(ORDER.lines[0], id=str(n), name=f"Artículo {n}.") for n in range(1, 2001))
    expected = pages(tax_document_pdf(paper(replace(ORDER, lines=lines)), simulated=True))
    assert len(expected) > 20
    assert f"Página {len(expected)} de {len(expected)}" in expected[-1]
    assert "Total CLP" in expected[-1]
    assert "Total CLP" not in "".join(expected[:-1])
    assert [told_of for page in expected for told_of in re.findall(r"Artículo (\d+)\.", page)] == [
        str(n) for n in range(1, 2001)
    ]


def test_a_last_page_that_is_full_leaves_the_sums_a_page_of_their_own() -> None:
    """However many lines: sums and stamp never lie below the page's end."""
    for count in range(28, 50, 3):
        lines = tuple(replace(ORDER.lines[0], id=str(n)) for n in range(count))
        expected = pages(tax_document_pdf(paper(replace(ORDER, lines=lines)), simulated=True))
        assert sum("Total CLP" in page for page in expected) == 1
        assert "Total CLP" in expected[-1]


@pytest.mark.parametrize("name", ["palabra " * 900, "x" * 10_000, "", "\x00\ud800\u202e", "W" * 10_000])
def test_texts_of_any_length_wrap(name: str) -> None:
    order = replace(
        ORDER,
        seller=replace(ORDER.seller, name=name, activity=name, city=name[:300]),
        buyer=replace(ORDER.buyer, name=name),
        lines=(replace(ORDER.lines[0], name=name),),
    )
    assert len(pages(tax_document_pdf(paper(order), simulated=True))) == 1


def test_letters_that_the_font_lacks_are_replaced_and_that_is_said() -> None:
    order = replace(ORDER, buyer=replace(ORDER.buyer, name="山田 Łódź Ünal €"))
    [page] = pages(tax_document_pdf(paper(order), simulated=True))
    assert "?? ?ódz Ünal €" in page
    assert "se muestran como «?»" in page
    assert "se muestran como" not in pages(tax_document_pdf(paper(), simulated=True))[0]


def test_what_a_gift_card_paid_is_between_the_sums_and_the_total() -> None:
    order = replace(ORDER, totals=Totals(prepaid=Decimal(1900)))
    assert paper_sums(paper(order)) == [
        ("Monto neto", Decimal(10000)),
        ("IVA (19 %)", Decimal(1900)),
        ("Pagado antes", Decimal(-1900)),
        ("Total CLP", Decimal(10000)),
    ]


def test_an_export_without_tax_is_exempt() -> None:
    order = replace(ORDER, lines=(replace(ORDER.lines[0], tax_percent=None),), buyer=replace(ORDER.buyer, rut=None))
    assert paper_sums(paper(order, kind=110)) == [("Monto exento", Decimal(10000)), ("Total CLP", Decimal(10000))]


def test_the_same_document_is_the_same_file() -> None:
    assert tax_document_pdf(paper(), simulated=True) == tax_document_pdf(paper(), simulated=True)


@pytest.mark.parametrize(
    ("given", "shown"), [("76000000-0", "76.000.000-0"), ("5-K", "5-K"), ("GLN 7301", "GLN 7301"), ("", "")]
)
def test_a_rut_is_written_as_people_write_it(given: str, shown: str) -> None:
    assert rut(given) == shown


def test_lines_are_as_wide_as_they_may_be() -> None:
    assert wrapped("uno dos tres", "Helvetica", 10, 1000) == ["uno dos tres"]
    assert wrapped("uno dos", "Helvetica", 10, 20) == ["uno", "dos"]
    assert "".join(wrapped("abcdefghij" * 20, "Helvetica", 10, 50)) == "abcdefghij" * 20
    assert wrapped("", "Helvetica", 10, 50) == [""]
    assert wrapped("WW", "Helvetica", 10, 1) == ["W", "W"], "a column narrower than a letter"
    # The narrowest letter there is: as many as fit are a line.
    assert {len(line) for line in wrapped("'" * 100, "Helvetica", 10, 19.2)} == {10}
    assert Text().of("a\tb") == "a b"
