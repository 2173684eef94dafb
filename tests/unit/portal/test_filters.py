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


def test_a_filter_without_an_amount_names_no_language() -> None:
    assert given({"q": "x", "lang": "es"}) == {"q": "x"}
