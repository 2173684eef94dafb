"""The lines of an order's page: each has its amount, named by the order or computed."""

from typing import Any

import pytest
from tests.support.orders import OrderFile

from mtd.domain.orders import order, ubl
from portal.pages.orders.order import with_amounts


def document() -> dict[str, Any]:
    file = OrderFile(number="N", lines=(("SKU-1", "2", "5000"), ("SKU-2", "1", "10000")))
    return order.to_json(ubl.parse_order(file.xml().encode()))


def test_a_line_without_an_amount_gets_its_price_times_its_quantity() -> None:
    written = document()
    for line in written["lines"]:
        line.pop("amount", None)
    assert [line["amount"] for line in with_amounts(written)["lines"]] == ["10000", "10000"]


def test_an_amount_that_the_order_names_stays() -> None:
    written = document()
    written["lines"][0]["amount"] = "9999"
    assert with_amounts(written)["lines"][0]["amount"] == "9999"


@pytest.mark.parametrize("broken", [{}, {"lines": None}, {"lines": [{}]}, {"currency": "CLP", "lines": "x"}])
def test_an_order_that_cannot_be_read_is_shown_as_it_came(broken: dict[str, Any]) -> None:
    assert with_amounts(broken) == broken
