"""Orders that went wrong, with the right figures. Sources: docs/tax.md; the orders: tests/data/tax."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.support.dte_schema import violations
from tests.support.orders import OrderFile

from mtd.domain.errors import BusinessError
from mtd.domain.orders import ubl
from mtd.domain.orders.order import Order
from mtd.domain.orders.totals import amounts
from mtd.domain.tax.document import TaxDocument
from mtd.domain.tax.documents import documents_of
from mtd.domain.tax.issuer import RETAILER, Prices, TaxSettings
from mtd.domain.tax.wire.document_xml import write

DATA = Path(__file__).parents[3] / "data" / "tax"
TODAY = date(2026, 11, 30)
SETTINGS = TaxSettings(pesos_per={"USD": Decimal("950.25")})


def order(name: str) -> Order:
    return ubl.parse_order((DATA / f"{name}.xml").read_bytes())


def document(name: str) -> TaxDocument:
    [only] = documents_of(order(name), SETTINGS, TODAY)
    assert violations(write(only)) == []
    return only


def refusal(given: Order, settings: TaxSettings = SETTINGS) -> BusinessError:
    with pytest.raises(BusinessError) as caught:
        documents_of(given, settings, TODAY)
    return caught.value


def figures(each: TaxDocument) -> tuple[int, ...]:
    totals = each.totals
    return int(each.kind), int(totals.net), int(totals.exempt), int(totals.tax), int(totals.total)


@pytest.mark.parametrize(("name", "net", "tax", "total"), [("680", 571, 109, 680), ("86710", 72866, 13844, 86710)])
def test_the_iva_of_a_boleta_is_its_total_less_its_net(name: str, net: int, tax: int, total: int) -> None:
    """LibreDTE's calculateNetoIVA names both: rounding each by itself gives 679 and 86711."""
    assert figures(document(f"boleta-{name}")) == (39, net, 0, tax, total)
    assert amounts(order(f"boleta-{name}")).payable == total


def test_a_boleta_has_gross_lines() -> None:
    """[B] annotation of MontoItem."""
    boleta = document("boleta-gross-lines")

    assert figures(boleta) == (39, 571, 0, 109, 680)
    assert [each.amount for each in boleta.details] == [680]
    assert boleta.gross


def test_a_boleta_of_net_lines_says_so() -> None:
    """[B] IndMntNeto; LibreDTE 039_001_montos_netos."""
    [boleta] = documents_of(
        ubl.parse_order(OrderFile(number="N", lines=(("S", "1", "1190"),), payable=None, tax="226").xml().encode()),
        SETTINGS,
        TODAY,
    )

    assert figures(boleta) == (39, 1190, 0, 226, 1416)
    assert b"<IndMntNeto>2</IndMntNeto>" in write(boleta)
    assert violations(write(boleta)) == []


def test_a_factura_whose_total_lacks_iva_is_refused_before_paperless_is_asked() -> None:
    """[F] fields 112 and 124: a 33 with IVA 0 is no exempt document, which is 34."""
    error = refusal(order("factura-without-tax"))

    assert error.code == "tax_missing"
    assert "IVA of 190" in str(error)


def test_a_factura_without_a_total_gets_its_iva() -> None:
    given = order("factura-without-tax")
    given = replace(given, totals=replace(given.totals, payable=None))

    [factura] = documents_of(given, SETTINGS, TODAY)

    assert figures(factura) == (33, 1000, 0, 190, 1190)
    assert amounts(given).payable == 1190


def test_a_seller_with_gross_prices_has_the_iva_in_them() -> None:
    issuer = replace(RETAILER, prices=Prices.GROSS)

    [factura] = documents_of(order("factura-without-tax"), replace(SETTINGS, default=issuer), TODAY)

    assert figures(factura) == (33, 840, 0, 160, 1000)
    assert b"<MntBruto>1</MntBruto>" in write(factura)
    assert violations(write(factura)) == []


@pytest.mark.parametrize("name", ["header-discount-a", "header-discount-b"])
def test_a_discount_of_the_order_is_in_its_document(name: str) -> None:
    """LibreDTE 033_004: 104,090 less 10 %."""
    factura = document(name)

    assert figures(factura) == (33, 93681, 0, 17799, 111480)
    assert [each.amount for each in factura.changes] == [-10409]
    assert b"<TpoMov>D</TpoMov><GlosaDR>Descuento</GlosaDR><TpoValor>$</TpoValor><ValorDR>10409<" in write(factura)


def test_a_base_quantity_becomes_the_price_of_one() -> None:
    """[F] field 38: 24 x 100 = 2,400; UBL has 1,200 for twelve."""
    [detail] = document("line-price-base12").details

    assert [detail.quantity, detail.price, detail.amount] == [24, 100, 2400]


def test_a_discount_of_a_line_is_beside_its_price() -> None:
    [detail] = document("line-price-linediscount").details

    assert [detail.quantity, detail.price, detail.discount, detail.amount] == [2, 1000, 200, 1800]


def test_a_line_that_is_free_has_no_price() -> None:
    """[T] Dec12_6Type: PrcItem is 0.000001 at least."""
    factura = document("line-price-price0")

    assert [each.price for each in factura.details] == [1000, None]
    assert [each.amount for each in factura.details] == [1000, 0]


@pytest.mark.parametrize(
    ("quantity", "price", "sent"),
    [("0.00000001", "5000", (None, Decimal(5000))), ("3", "1.0000000000000001", (Decimal(3), Decimal(1)))],
)
def test_quantities_and_prices_have_six_decimals(
    quantity: str, price: str, sent: tuple[Decimal | None, Decimal]
) -> None:
    lines = ((("S", quantity, price)), ("T", "1", "1000"))
    given = ubl.parse_order(OrderFile(number="N", lines=lines, payable=None, tax=None).xml().encode())

    [boleta] = documents_of(given, SETTINGS, TODAY)

    assert (boleta.details[0].quantity, boleta.details[0].price) == sent
    assert violations(write(boleta)) == []


def test_what_was_paid_before_is_no_discount() -> None:
    """[F] field 124: MntTotal is net, exempt and IVA, whatever was paid before."""
    factura = document("prepaid")

    assert figures(factura) == (33, 1000, 0, 190, 1190)
    assert b"<MntPago>500</MntPago>" in write(factura)
    assert amounts(order("prepaid")).payable == 690


def test_a_tax_that_is_not_its_rate_is_refused() -> None:
    error = refusal(order("absurd-tax"))

    assert error.code == "tax_contradicts"
    assert "500000" in str(error)
    assert "190" in str(error)


@pytest.mark.parametrize(("tax", "taken"), [(188, False), (189, True), (190, True), (191, True), (192, False)])
def test_a_tax_may_be_a_peso_off_for_each_line(tax: int, taken: bool) -> None:
    """[F] p. 10: the SII takes it; the order's own tax is what is charged."""
    given = order("absurd-tax")
    given = replace(given, totals=replace(given.totals, tax=Decimal(tax), payable=Decimal(1000 + tax)))

    if taken:
        [factura] = documents_of(given, SETTINGS, TODAY)
        assert figures(factura) == (33, 1000, 0, tax, 1000 + tax)
    else:
        assert refusal(given).code == "tax_contradicts"


def test_a_tax_of_zero_on_taxed_lines_is_refused() -> None:
    given = order("absurd-tax")
    nothing = replace(given.totals, tax=Decimal(0), payable=given.totals.lines)

    assert refusal(replace(given, totals=nothing)).code == "tax_contradicts"


def test_a_factura_is_in_pesos() -> None:
    """[T] MontoType."""
    assert refusal(order("currency-eur")).code == "currency_not_pesos"


def test_an_export_invoice_is_exempt_in_its_currency_with_pesos_beside_it() -> None:
    """[F] fields 106, 130 and 132; LibreDTE 110_002."""
    invoice = document("currency-usd")
    sent = write(invoice)

    assert b"<TpoMoneda>DOLAR USA</TpoMoneda><MntExe>10.5</MntExe><MntTotal>10.5</MntTotal>" in sent
    assert b"<TpoCambio>950.25</TpoCambio><MntExeOtrMnda>9978</MntExeOtrMnda>" in sent
    assert b"MntNeto" not in sent
    assert refusal(order("currency-usd"), TaxSettings()).code == "exchange_rate_missing"


@pytest.mark.parametrize(("rut", "lines", "most"), [("76086428-5", 61, 60), ("12345678-5", 1_001, 1_000)])
def test_lines_that_one_document_cannot_hold_are_in_several(rut: str, lines: int, most: int) -> None:
    """[X] maxOccurs 60, [B] maxOccurs 1000. A discount that no document can share evenly is in all of them."""
    items = tuple((f"SKU-{n}", "1", "1000") for n in range(lines))
    discount = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
        '<cbc:Amount currencyID="CLP">777</cbc:Amount></cac:AllowanceCharge>'
    )
    given = ubl.parse_order(
        OrderFile(number="N", buyer_rut=rut, lines=items, payable=None, tax=None, extra=discount).xml().encode()
    )

    documents = documents_of(given, SETTINGS, TODAY)

    assert [len(each.details) for each in documents] == [most, 1]
    assert [(each.part, each.parts) for each in documents] == [(1, 2), (2, 2)]
    assert sum(each.totals.total for each in documents) == amounts(given).payable
    assert sum(each.totals.tax for each in documents) == amounts(given).tax
    assert sum(change.amount for each in documents for change in each.changes) == -777
    assert [violations(write(each)) for each in documents] == [[], []]
