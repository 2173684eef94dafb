from decimal import Decimal

import pytest

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import money


@pytest.mark.parametrize(("currency", "digits"), [("CLP", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4)])
def test_minor_units(currency: str, digits: int) -> None:
    assert money.minor_digits(currency) == digits


@pytest.mark.parametrize("currency", ["", "XYZ", "clp", "EURO", "€"])
def test_unknown_currencies(currency: str) -> None:
    with pytest.raises(RejectedOrder) as caught:
        money.minor_digits(currency)
    assert caught.value.code == "currency_unknown"


def test_rounding_is_half_up() -> None:
    assert money.quantise(Decimal("2.5"), "CLP") == Decimal(3)
    assert money.quantise(Decimal("2.345"), "EUR") == Decimal("2.35")


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "Infinity", "1e30", "12,5", "0x10", "1" * 50, "1_000", "1E-999999", "1e5", "１２", "٣", "- 1", "."],
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(RejectedOrder) as caught:
        money.parse_decimal(text, "PriceAmount")
    assert caught.value.code == "number_malformed"
    assert "PriceAmount" in str(caught.value)


@pytest.mark.parametrize("text", [" 12.50\n", "+3", ".5", "5.", "0", "-0.0", "0.123456789012345678901234567890"])
def test_what_xml_schema_calls_a_decimal(text: str) -> None:
    assert money.parse_decimal(text, "Quantity") == Decimal(text.strip())


def test_a_small_number_is_told_without_an_exponent() -> None:
    assert money.plain(money.parse_decimal("0.0000001", "Quantity")) == "0.0000001"
