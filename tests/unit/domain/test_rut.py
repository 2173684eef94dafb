import pytest
from tests.support.orders import OrderFile

from mtd.domain.audit.erasure import person_of, values_of
from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import ubl
from mtd.domain.orders.check import read_order
from mtd.domain.orders.order import to_json
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
        # cordada/lib-cl-sii-python's test_rut.py and its like: one person, however it is written.
        ("6824160-K", "6824160-K"),
        ("6824160-k", "6824160-K"),
        ("6.824.160-K", "6824160-K"),
        ("06824160-K", "6824160-K"),
        ("06.824.160-k", "6824160-K"),
        ("6824160K", "6824160-K"),
        ("1-9", "1-9"),
    ],
)
def test_valid_ruts_are_normalised(text: str, normal: str) -> None:
    assert rut.normalise(text) == normal


@pytest.mark.parametrize("text", ["12345678-6", "6-0", "60803000-1"])
def test_a_wrong_check_digit_is_named(text: str) -> None:
    with pytest.raises(RejectedOrder, match="wrong check digit") as caught:
        rut.normalise(text)
    assert caught.value.code == "rut_check_digit"


@pytest.mark.parametrize(
    "text", ["", "hello", "123456789012-3", "12345678-55", "1234 5678-5", "١٢٣٤٥٦٧٨-5", "27412265k12", "0-0"]
)
def test_what_is_no_rut_is_refused(text: str) -> None:
    with pytest.raises(RejectedOrder) as caught:
        rut.normalise(text)
    assert caught.value.code == "rut_malformed"


@pytest.mark.parametrize(("number", "company"), [("76123456-0", True), ("12345678-5", False), ("50000000-7", True)])
def test_legal_entities_start_at_fifty_million(number: str, company: bool) -> None:
    assert rut.is_legal_entity(number) is company


def test_nine_digits_are_refused_with_what_would_be_right() -> None:
    with pytest.raises(RejectedOrder, match="at most 8; write it as 12345678-5") as caught:
        rut.normalise("123456789-0")
    assert caught.value.code == "rut_malformed"


@pytest.mark.parametrize("generic", [rut.ANONYMOUS_BUYER, rut.FOREIGN_BUYER])
def test_the_generic_ruts_are_nobody(generic: str) -> None:
    assert rut.is_legal_entity(generic) is False
    with pytest.raises(RejectedOrder, match="all buyers"):
        person_of(generic)


def test_an_erasure_finds_a_name_as_a_tax_document_writes_it() -> None:
    values = values_of({"buyer": {"name": "Ana 🚚 Łukasz & hijos"}})

    assert "Ana ? Łukasz &amp; hijos" not in values
    assert {"Ana 🚚 Łukasz & hijos", "Ana ? ?ukasz &amp; hijos"} <= values


@pytest.mark.parametrize("written", ["6824160-k", "6.824.160-K", "06824160-K", "6824160K"])
def test_an_erasure_and_a_caller_of_the_api_read_a_rut_as_an_order_does(written: str) -> None:
    document = to_json(ubl.parse_order(OrderFile(number="N").xml().encode()))
    document["buyer"] |= {"rut": written, "id": written}

    buyer = read_order(document).buyer

    assert person_of(written) == ("rut", buyer.rut) == ("rut", "6824160-K")
    assert buyer.id == "6824160-K"
