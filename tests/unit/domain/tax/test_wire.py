"""Documents on the wire: letters, lengths, numbers, and a sentence about every change."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tests.support.dte_schema import violations
from tests.support.orders import OrderFile

from mtd.domain.errors import BusinessError
from mtd.domain.orders import ubl
from mtd.domain.orders.order import Adjustment, Order, Totals
from mtd.domain.tax.amounts import notes
from mtd.domain.tax.amounts.shares import shares
from mtd.domain.tax.document import TaxDocument
from mtd.domain.tax.documents import documents_of
from mtd.domain.tax.issuer import TaxSettings
from mtd.domain.tax.wire.document_xml import write
from mtd.domain.tax.wire.elements import amount_text
from mtd.domain.tax.wire.wire_text import encodable

TODAY = date(2026, 11, 30)
COMPANY = "76086428-5"


def order(**knobs: object) -> Order:
    given = {"number": "N", "buyer_rut": COMPANY, "payable": None, "tax": None} | knobs
    return ubl.parse_order(OrderFile(**given).xml().encode())  # type: ignore[arg-type]


def issued(given: Order) -> tuple[TaxDocument, str]:
    [document] = documents_of(given, TaxSettings(), TODAY)
    content = write(document)
    assert violations(content) == []
    return document, content.decode("iso-8859-1")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Ñandú & Cía. «Ltda.»", "Ñandú & Cía. «Ltda.»"),
        ("“Nuñez” – l’été…", '"Nuñez" - l\'été...'),
        ("Dvořák", "Dvorák"),
        ("Camión 🚚 北京", "Camión ? ??"),
        ("a\tb\u0085c\x00d", "a b c d"),
        ("10 €", "10 EUR"),
    ],
)
def test_letters_that_iso_8859_1_lacks_are_replaced_visibly(text: str, written: str) -> None:
    """[F] p. 10: ISO-8859-1."""
    assert encodable(text) == written
    assert encodable(text).encode("iso-8859-1")


def test_the_signs_of_xml_are_escaped() -> None:
    """[F] p. 10: & and <."""
    _, sent = issued(order(item_name="<b>Tom & Jerry</b>"))

    assert "<NmbItem>&lt;b&gt;Tom &amp; Jerry&lt;/b&gt;</NmbItem>" in sent


def test_fields_are_cut_to_their_length_and_that_is_said() -> None:
    """RULES: RznSocRecep 100, GiroRecep 40, DirRecep 70, CmnaRecep 20, NmbItem 80, DscItem 1000."""
    given = order(item_name="i" * 1200, buyer_name="n" * 130)
    buyer = replace(given.buyer, activity="g" * 50, address="d" * 90, district="c" * 30, city="c" * 30)

    document, sent = issued(replace(given, buyer=buyer))

    receiver = document.receiver
    lengths = [len(each or "") for each in (receiver.name, receiver.activity, receiver.address, receiver.district)]
    assert lengths == [100, 40, 70, 20]
    assert [len(document.details[0].name), len(document.details[0].description or "")] == [80, 1000]
    said = " ".join(document.remarks)
    for field in ("RznSocRecep", "GiroRecep", "DirRecep", "CmnaRecep", "NmbItem of line 1"):
        assert f"{field}: cut to" in said
    assert sent.startswith('<?xml version="1.0" encoding="ISO-8859-1"?>')


def test_what_a_factura_must_name_and_an_order_lacks_is_said() -> None:
    document, sent = issued(order())

    assert "<GiroRecep>Sin informacion</GiroRecep>" in sent
    assert "GiroRecep: the order does not say it" in document.remarks


def test_a_long_order_number_is_whole_in_the_reason_of_its_reference() -> None:
    """[X] FolioRef 18, RazonRef 90."""
    _, sent = issued(order(number="ORDER-2026-0000000001"))

    assert "<TpoDocRef>801</TpoDocRef><FolioRef>ORDER-2026-0000000</FolioRef>" in sent
    assert "<RazonRef>Orden ORDER-2026-0000000001</RazonRef>" in sent


@pytest.mark.parametrize(
    ("amount", "text"),
    [("10.50", "10.5"), ("1000", "1000"), ("1000.00", "1000"), ("0.000001", "0.000001"), ("1E+3", "1000")],
)
def test_a_number_has_a_point_and_only_decimals_that_say_something(amount: str, text: str) -> None:
    """[F] p. 10."""
    assert amount_text(Decimal(amount)) == text


def test_a_line_is_rounded_to_the_peso() -> None:
    """[F] field 38; the factura of NIC Chile: 8942.86 is 8,943, net 8,943, IVA 1,699, total 10,642."""
    document, sent = issued(order(lines=(("S", "1", "8942.86"),)))

    assert [document.totals.net, document.totals.tax, document.totals.total] == [8943, 1699, 10642]
    assert "<PrcItem>8942.86</PrcItem><MontoItem>8943</MontoItem>" in sent


def test_rounding_between_lines_and_total_is_shown() -> None:
    given = order(lines=(("S", "3", "333"),))
    boleta = replace(given, buyer=replace(given.buyer, rut="12345678-5"))
    boleta = replace(boleta, lines=(replace(boleta.lines[0], tax_percent=None),), totals=Totals(payable=Decimal(1000)))

    document, sent = issued(boleta)

    assert document.totals.total == 1000
    assert [(change.amount, change.reason) for change in document.changes] == [(Decimal(1), "Redondeo")]
    assert "<TpoMov>R</TpoMov><GlosaDR>Redondeo</GlosaDR><TpoValor>$</TpoValor><ValorDR>1</ValorDR>" in sent


def test_a_line_below_zero_is_refused() -> None:
    """[T] MontoType: whole and not negative."""
    given = order()
    line = replace(given.lines[0], adjustment=Decimal(-20_000))

    with pytest.raises(BusinessError, match="line 1") as caught:
        documents_of(replace(given, lines=(line, given.lines[1])), TaxSettings(), TODAY)
    assert caught.value.code == "amount_negative"


def test_more_than_twenty_discounts_are_summed_up() -> None:
    """[X] DscRcgGlobal 20 times at most."""
    given = order()
    changes = tuple(Adjustment(amount=Decimal(sign * n)) for n in range(1, 16) for sign in (-1, 1))

    document, _ = issued(replace(given, adjustments=changes))

    assert [change.amount for change in document.changes] == [-120, 120]


def test_a_discount_larger_than_the_taxed_part_goes_on_to_the_exempt_one() -> None:
    given = order()
    lines = (replace(given.lines[0], tax_percent=None), replace(given.lines[1], tax_category="E", tax_percent=None))
    changes = (Adjustment(amount=Decimal(-12_000)),)

    document, sent = issued(replace(given, lines=lines, adjustments=changes, adjustment=Decimal(-12_000)))

    assert [change.amount for change in document.changes] == [-10_000, -2_000]
    assert [change.exempt for change in document.changes] == [False, True]
    assert document.totals.total == 8_000
    assert "<ValorDR>2000</ValorDR><IndExeDR>1</IndExeDR>" in sent


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [("100", "1 1 1", "34 33 33"), ("-777", "60000 1000", "-764 -13"), ("5", "0 0", "5 0"), ("0", "1 2", "0 0")],
)
def test_shares_add_up_to_the_peso(total: str, weights: str, expected: str) -> None:
    found = shares(Decimal(total), [Decimal(each) for each in weights.split()])

    assert [str(each) for each in found] == [str(Decimal(each)) for each in expected.split()]


def test_a_returned_line_is_credited_with_its_part_of_the_discount() -> None:
    """[F] CodRef 3. Two of four chairs of 10,000 less a tenth of the order: 18,000 net, 3,420 of IVA."""
    given = order(lines=(("S", "4", "10000"), ("T", "1", "10000")))
    changes = (Adjustment(amount=Decimal(-5_000)),)
    document, _ = issued(replace(given, adjustments=changes, adjustment=Decimal(-5_000)))

    note = notes.partial_credit_note_of(document, 12, TODAY, {"1": Decimal(2)})

    assert [note.kind, note.totals.net, note.totals.tax, note.totals.total] == [61, 18_000, 3_420, 21_420]
    assert b"<TpoDocRef>33</TpoDocRef><FolioRef>12</FolioRef><FchRef>2026-11-30</FchRef><CodRef>3</CodRef>" in write(
        note
    )
    assert violations(write(note)) == []


@pytest.mark.parametrize("returned", [{"9": Decimal(1)}, {"1": Decimal(3)}, {"1": Decimal(0)}])
def test_what_was_not_sold_is_not_credited(returned: dict[str, Decimal]) -> None:
    document, _ = issued(order())

    with pytest.raises(BusinessError) as caught:
        notes.partial_credit_note_of(document, 12, TODAY, returned)
    assert caught.value.code == "return_unknown"


def test_the_note_of_a_boleta_of_many_lines_sums_them_up() -> None:
    """[X]: a note has 60 lines at most, a boleta 1,000 [B]."""
    lines = tuple((f"S-{n}", "1", "1190") for n in range(300))
    given = order(buyer_rut="12345678-5", lines=lines)
    given = replace(given, lines=tuple(replace(line, tax_percent=None) for line in given.lines))
    document, _ = issued(given)

    note = notes.credit_note_of(document, 5, TODAY)

    assert len(note.details) == 1
    assert note.totals == document.totals
    assert b"<MntBruto>1</MntBruto>" in write(note)
    assert violations(write(note)) == []


def test_a_credit_note_of_an_export_invoice_is_one_of_its_own() -> None:
    settings = TaxSettings(pesos_per={"USD": Decimal(900)})
    [invoice] = documents_of(order(buyer_rut=None, currency="USD"), settings, TODAY)

    credit = notes.credit_note_of(invoice, 5, TODAY)

    assert (credit.kind, notes.debit_note_of(credit, 6, TODAY).kind) == (112, 111)
    assert credit.exchange == invoice.exchange
