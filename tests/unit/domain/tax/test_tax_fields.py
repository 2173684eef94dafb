"""The fields of an order for its tax document, and those that an order of an earlier release lacks."""

from decimal import Decimal

import pytest
from tests.support.orders import OrderFile

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import ubl
from mtd.domain.orders.check import read_order
from mtd.domain.orders.order import Adjustment, from_json, to_json

ALLOWANCE = (
    "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:AllowanceChargeReason>Cyber"
    '</cbc:AllowanceChargeReason><cbc:Amount currencyID="CLP">100</cbc:Amount>{}</cac:AllowanceCharge>'
)
EXEMPT = "<cac:TaxCategory><cbc:ID>E</cbc:ID></cac:TaxCategory>"


def test_allowances_and_charges_keep_their_reason_and_tax_category() -> None:
    order = ubl.parse_order(OrderFile(number="N", extra=ALLOWANCE.format("") + ALLOWANCE.format(EXEMPT)).xml().encode())

    assert order.adjustments == (
        Adjustment(amount=Decimal(-100), reason="Cyber"),
        Adjustment(amount=Decimal(-100), reason="Cyber", tax_category="E"),
    )
    assert order.adjustment == Decimal(-200)
    assert read_order(to_json(order)) == order


def test_a_line_keeps_a_category_other_than_the_standard_rate() -> None:
    percent = "<cbc:Percent>19</cbc:Percent>"
    written = OrderFile(number="N").xml().replace(percent, f"<cbc:ID>E</cbc:ID>{percent}", 1)

    order = ubl.parse_order(written.encode())

    assert [line.tax_category for line in order.lines] == ["E", None]


def test_an_address_is_read_and_tells_apart_no_two_orders() -> None:
    address = (
        "<cac:PostalAddress><cbc:StreetName>Morandé</cbc:StreetName><cbc:BuildingNumber>1</cbc:BuildingNumber>"
        "<cbc:CitySubdivisionName>Ñuñoa</cbc:CitySubdivisionName></cac:PostalAddress>"
    )
    plain = OrderFile(number="N").xml()
    order = ubl.parse_order(plain.replace("</cac:PartyName>", f"</cac:PartyName>{address}", 1).encode())

    assert (order.buyer.address, order.buyer.district) == ("Morandé 1", "Ñuñoa")
    assert order.order_id == ubl.parse_order(plain.encode()).order_id


def test_an_order_of_an_earlier_release_is_read_and_has_its_id() -> None:
    """The document and its id as release 0.1.0 stored them."""
    line = {
        "id": "1",
        "sku": "SKU-1",
        "name": "Silla",
        "quantity": "2",
        "unit": "EA",
        "price": "5000",
        "base_quantity": "1",
        "adjustment": "0",
        "tax_percent": "19",
    }
    stored = {
        "number": "N",
        "issued_on": "2026-11-20",
        "currency": "CLP",
        "seller": {"id": "76123456-0", "name": "Tienda"},
        "buyer": {"id": "12345678-5", "name": "Ana Rojas", "rut": "12345678-5", "email": "ana@example.cl"},
        "lines": [line, line | {"id": "2", "sku": "SKU-2", "quantity": "1", "price": "10000"}],
        "totals": {"tax": "3800", "payable": "23800"},
        "adjustment": "0",
    }

    order = from_json(stored)

    assert order.content_hash == "902ebe224fb04f5763f01943058741dd25f37b4da27a542d509b8667ff217fb5"
    assert to_json(order) == stored
    assert order == ubl.parse_order(OrderFile(number="N").xml().encode())


def test_an_adjustment_of_the_api_is_a_number() -> None:
    document = to_json(ubl.parse_order(OrderFile(number="N").xml().encode()))

    with pytest.raises(RejectedOrder) as caught:
        read_order(document | {"adjustments": [{"amount": "1e9"}]})
    assert caught.value.code == "number_malformed"
