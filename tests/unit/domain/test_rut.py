import pytest

from mtd.domain.errors import RejectedOrder
from mtd.domain.tax import rut


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("12345678-5", "12345678-5"),
        ("12.345.678-5", "12345678-5"),
        (" 123456785 ", "12345678-5"),
        ("6-K", "6-K"),
        ("6-k", "6-K"),
        ("55555555-5", "55555555-5"),
        ("66666666-6", "66666666-6"),
        ("60803000-K", "60803000-K"),
    ],
)
def test_valid_ruts_are_normalised(text: str, normal: str) -> None:
    assert rut.normalise(text) == normal


@pytest.mark.parametrize("text", ["12345678-6", "6-0", "60803000-1"])
def test_a_wrong_check_digit_is_named(text: str) -> None:
    with pytest.raises(RejectedOrder, match="wrong check digit") as caught:
        rut.normalise(text)
    assert caught.value.code == "rut_check_digit"


@pytest.mark.parametrize("text", ["", "hello", "123456789012-3", "12345678-55", "1234 5678-5", "١٢٣٤٥٦٧٨-5x"])
def test_what_is_no_rut_is_refused(text: str) -> None:
    with pytest.raises(RejectedOrder) as caught:
        rut.normalise(text)
    assert caught.value.code == "rut_malformed"


@pytest.mark.parametrize(("number", "company"), [("76123456-0", True), ("12345678-5", False), ("50000000-7", True)])
def test_legal_entities_start_at_fifty_million(number: str, company: bool) -> None:
    assert rut.is_legal_entity(number) is company
