"""The filter of the orders list: the same address is the same filter for every reader."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mtd.domain.errors import InvalidRequest
from portal.pages.orders.filters import given, localised, read_filter

UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(("locale", "text"), [("es", "23.800"), ("en", "23,800"), ("es", "23800"), ("en", "23800")])
def test_an_amount_is_read_as_its_reader_writes_it(locale: str, text: str) -> None:
    assert read_filter({"min": text}, UTC, locale).at_least == Decimal(23800)


def test_a_link_means_the_same_in_another_language() -> None:
    link = given({"min": "23.800", "max": "24.000,5", "lang": "es", "q": ""})
    assert read_filter(link, UTC, "en").at_least == Decimal(23800)
    assert localised(link, "en") == {"min": "23,800", "max": "24,000.5", "lang": "en"}


def test_an_amount_that_could_be_two_is_refused_and_stays_as_it_was_typed() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_filter({"min": "12.5"}, UTC, "es")
    assert refused.value.code == "bad_amount"
    assert localised({"min": "12.5"}, "es")["min"] == "12.5"


@pytest.mark.parametrize(
    ("typed", "locale", "searched"),
    [
        ("12.345.678-5", "es", "12345678-5"),
        ("23.800", "es", "23800"),
        ("23,800", "en", "23800"),
        ("CL-2026-000012", "es", "CL-2026-000012"),
        ("ana@x.example", "es", "ana@x.example"),
        ("12345678-5", "es", "12345678-5"),
    ],
)
def test_a_rut_and_an_amount_are_found_as_people_write_them(typed: str, locale: str, searched: str) -> None:
    assert read_filter({"q": typed}, UTC, locale).text == searched


def test_a_filter_without_an_amount_names_no_language() -> None:
    assert given({"q": "x", "lang": "es"}) == {"q": "x"}
