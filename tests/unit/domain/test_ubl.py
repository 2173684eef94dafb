from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.orders import OrderFile

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import order as orders
from mtd.domain.orders import ubl, xml
from mtd.domain.orders.order import Order

_SEEDS = sorted((Path(__file__).parents[3] / "seed" / "orders").glob("*.xml"))


@pytest.mark.parametrize("path", _SEEDS, ids=lambda path: path.stem)
def test_every_seed_is_read_and_survives_its_json(path: Path) -> None:
    order = ubl.parse_order(path.read_bytes())

    assert orders.from_json(orders.to_json(order)) == order
    assert order.lines


def test_peppols_example_in_detail() -> None:
    order = ubl.parse_order((_SEEDS[0].parent / "peppol-Order_Example.xml").read_bytes())

    assert (order.number, order.currency, order.buyer.email) == ("34", "NOK", "post@helseforetak.no")
    assert (order.seller.id, order.seller.name) == ("7300010000001", "Medical")
    assert [str(line.amount) for line in order.lines] == ["6300.00", "225.00"]
    assert str(order.adjustment) == "-252.50"
    assert order.buyer.rut is None


def test_what_the_order_says_of_people_and_money() -> None:
    order = ubl.parse_order(OrderFile(number="N-1", gift_card="GC-9").xml().encode())

    assert order.buyer.rut == "12345678-5"
    assert order.buyer.id == order.buyer.rut
    assert order.gift_card == "GC-9"
    assert order.promised_on is None


def test_equal_content_has_an_equal_id_however_it_is_written() -> None:
    text = OrderFile(number="N-1").xml()

    one = ubl.parse_order(text.encode())
    other = ubl.parse_order(text.replace("><", ">\n  <").encode("utf-8-sig"))

    assert one.order_id == other.order_id
    assert one.order_id != ubl.parse_order(OrderFile(number="N-1", buyer_name="B").xml().encode()).order_id


def test_the_currency_may_be_left_to_the_amounts() -> None:
    text = OrderFile(number="N").xml().replace("<cbc:DocumentCurrencyCode>CLP</cbc:DocumentCurrencyCode>", "")

    assert ubl.parse_order(text.encode()).currency == "CLP"


def test_another_encoding_that_is_declared_is_read() -> None:
    text = OrderFile(number="N", buyer_name="Ñandú").xml().replace("UTF-8", "ISO-8859-1")

    assert ubl.parse_order(text.encode("latin-1")).buyer.name == "Ñandú"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("<cbc:ID>N</cbc:ID>", "", 1), "field_missing"),
        (("<cbc:IssueDate>2026-11-20</cbc:IssueDate>", "", 1), "field_missing"),
        (("2026-11-20", "20/11/2026", 1), "date_malformed"),
        (("<cbc:ID>N</cbc:ID>", f"<cbc:ID>{'9' * 101}</cbc:ID>", 1), "number_malformed"),
        (("<cbc:ID>N</cbc:ID>", "<cbc:ID>a&#10;b</cbc:ID>", 1), "number_malformed"),
        (('unitCode="EA">2<', 'unitCode="EA">0<', 1), "quantity_not_positive"),
        (('currencyID="CLP">5000<', 'currencyID="CLP">-5000<', 1), "price_negative"),
        (('currencyID="CLP">5000<', 'currencyID="CLP">five<', 1), "number_malformed"),
        (("SellerSupplierParty", "Someone", -1), "field_missing"),
    ],
)
def test_what_is_wrong_has_a_code(change: tuple[str, str, int], code: str) -> None:
    text = OrderFile(number="N").xml().replace(*change)

    with pytest.raises(RejectedOrder) as caught:
        ubl.parse_order(text.encode())
    assert caught.value.code == code


def test_a_document_type_is_refused_before_any_entity_is_expanded() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>'

    with pytest.raises(RejectedOrder) as caught:
        xml.parse(bomb)
    assert caught.value.code == "document_type"


def test_nesting_is_bounded() -> None:
    with pytest.raises(RejectedOrder) as caught:
        xml.parse(b"<a>" * 100 + b"</a>" * 100)
    assert caught.value.code == "too_deep"


@given(st.binary(max_size=2_000))
@example(b"")
@example(b"\xff\xfe<\x00")
@example(b'<?xml version="1.0" encoding="utf-7"?><a/>')
def test_any_bytes_are_an_order_or_a_rejection(content: bytes) -> None:
    with pytest.raises(RejectedOrder):
        ubl.parse_order(content)


@given(st.text(max_size=200), st.integers(0, 3000), st.integers(1, 40))
def test_a_damaged_order_is_an_order_or_a_rejection(noise: str, at: int, cut: int) -> None:
    text = OrderFile(number="N").xml()
    damaged = text[:at] + noise + text[at + cut :]

    try:
        order = ubl.parse_order(damaged.encode("utf-8", "surrogatepass"))
    except RejectedOrder:
        return
    assert orders.from_json(orders.to_json(order)) == order


def _read(old: str = "", new: str = "", **knobs: Any) -> Order:
    text = OrderFile(number="N", **knobs).xml()
    assert old in text
    return ubl.parse_order(text.replace(old, new, 1).encode())


_CARD = (
    "<cac:PaymentMeans><cac:CardAccount><cbc:PrimaryAccountNumberID>{}</cbc:PrimaryAccountNumberID>"
    "<cbc:NetworkID>{}</cbc:NetworkID></cac:CardAccount></cac:PaymentMeans>"
)
_TAX = '<cac:TaxTotal><cbc:TaxAmount currencyID="{}">{}</cbc:TaxAmount></cac:TaxTotal>'


def test_the_gift_card_is_found_among_several_payment_means() -> None:
    extra = _CARD.format("4111", "VISA") + _CARD.format("GC-1", "gift") + _CARD.format("GC-1", "GIFT")

    assert _read(extra=extra).gift_card == "GC-1"


def test_taxes_of_the_orders_currency_are_added_up_and_others_left() -> None:
    order = _read(tax=None, extra=_TAX.format("EUR", "4.00") + _TAX.format("CLP", "3000") + _TAX.format("CLP", "800"))

    assert order.totals.tax == 3800


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('currencyID="CLP">5000', 'currencyID="USD">5000', "currency_mixed"),
        ('currencyID="CLP">23800', 'currencyID="USD">23800', "currency_mixed"),
        (">5000<", ">5_000<", "number_malformed"),
        ("2026-11-20", "2026-11-20 or so", "date_malformed"),
        ("2026-11-20", "2026-W47-1", "date_malformed"),
        ("<cac:TaxTotal>", _CARD.format("", "GIFT") + "<cac:TaxTotal>", "field_missing"),
        (
            "<cac:TaxTotal>",
            _CARD.format("1", "GIFT") + _CARD.format("2", "GIFT") + "<cac:TaxTotal>",
            "gift_cards_several",
        ),
        ("<cac:TaxTotal>", "<cac:AllowanceCharge/><cac:TaxTotal>", "field_missing"),
        (">76123456-0<", f">{'7' * 3000}<", "identifier_malformed"),
    ],
)
def test_what_would_be_misread_is_rejected(old: str, new: str, code: str) -> None:
    with pytest.raises(RejectedOrder) as caught:
        _read(old, new)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-11-20", "2026-11-20Z"),
        ("2026-11-20", " 2026-11-20-03:00 "),
        (">5000<", "> 5000\n<"),
        (">5000<", "><!-- five -->50<!-- thousand -->00<"),
        (">5000<", "><![CDATA[5000]]><"),
        (">N<", "><?odd really?>N<"),
        (">5000<", ">5000.000000000000000000000000000000<"),
    ],
)
def test_odd_but_legal_xml_says_the_same(old: str, new: str) -> None:
    assert _read(old, new) == _read()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_read(encoding: str) -> None:
    text = OrderFile(number="N", buyer_name="Ñandú").xml().replace("UTF-8", encoding.removesuffix("-sig"))

    assert ubl.parse_order(text.encode(encoding)).buyer.name == "Ñandú"


def test_lines_may_share_an_id_and_cost_nothing_but_are_not_without_number() -> None:
    shared = _read("<cbc:ID>2</cbc:ID><cbc:Quantity", "<cbc:ID>1</cbc:ID><cbc:Quantity")
    assert [line.id for line in shared.lines] == ["1", "1"]
    assert _read(">5000<", ">0<").lines[0].price == 0
    with pytest.raises(RejectedOrder) as caught:
        _read(lines=(("S", "1", "1"),) * 10_001)
    assert caught.value.code == "too_many_lines"


_ENVELOPE = (
    '<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">'
    "<StandardBusinessDocumentHeader><HeaderVersion>1.0</HeaderVersion></StandardBusinessDocumentHeader>"
    "{}</StandardBusinessDocument>"
)


def test_an_envelope_around_an_order_is_taken_off() -> None:
    order = OrderFile(number="N-1").xml()
    wrapped = _ENVELOPE.format(order[order.index("<Order") :])

    assert ubl.parse_order(wrapped.encode()) == ubl.parse_order(order.encode())


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            '<OrderResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:OrderResponse-2"/>',
            "this is a UBL OrderResponse; the inbox takes a UBL 2.1 Order",
        ),
        ('<Order xmlns="urn:other"/>', "this is 'Order' of urn:other; the inbox takes a UBL 2.1 Order"),
        ("<Order/>", "this is 'Order', without a namespace; the inbox takes a UBL 2.1 Order"),
        (_ENVELOPE.format(""), "this is 'StandardBusinessDocument' of http://www.unece.org"),
        (
            _ENVELOPE.format('<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'),
            "a UBL Invoice",
        ),
    ],
)
def test_another_document_is_told_in_words(document: str, told: str) -> None:
    with pytest.raises(RejectedOrder) as refused:
        ubl.parse_order(document.encode())
    assert (refused.value.code, told in str(refused.value)) == ("wrong_root", True)
