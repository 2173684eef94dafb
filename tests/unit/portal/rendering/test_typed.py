"""People's input is read in their locale. CLDR: es-CL writes 12.000,5 and en writes 12,000.5."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtd.domain.errors import InvalidRequest
from portal.rendering.formats import LOCALES
from portal.rendering.typed import read_number, read_rut, show_number


@pytest.mark.parametrize(
    ("text", "locale", "number"),
    [
        ("12.000", "es", "12000"),
        ("12.000", "en", "12.000"),
        ("12,000", "en", "12000"),
        ("12,5", "es", "12.5"),
        ("1.234.567,89", "es", "1234567.89"),
        ("12000", "es", "12000"),
        ("$ 26.180", "es", "26180"),
        ("-1.000", "es", "-1000"),
        (" 7 ", "en", "7"),
    ],
)
def test_a_number_is_read_as_its_locale_writes_it(text: str, locale: str, number: str) -> None:
    assert read_number(text, locale) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("12.5", "es"),
        ("12,5", "en"),
        ("1.00.000", "es"),
        ("1.234,567.8", "es"),
        ("", "es"),
        ("abc", "es"),
        ("NaN", "en"),
        ("Infinity", "en"),
        ("1e5", "en"),
        ("9" * 16, "es"),
        ("0," + "1" * 50, "es"),
    ],
)
def test_what_could_be_two_numbers_is_none(text: str, locale: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_number(text, locale)
    assert refused.value.code == "number_malformed"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4), st.sampled_from(sorted(LOCALES)))
def test_a_number_that_is_shown_is_read_as_the_same(number: Decimal, locale: str) -> None:
    assert read_number(show_number(number, locale), locale) == number


@pytest.mark.parametrize("text", ["12.345.678-5", "12345678-5", "123456785", " 12.345.678-5 "])
def test_a_rut_is_read_in_every_form(text: str) -> None:
    """Modulo 11: 12345678 has the check digit 5."""
    assert read_rut(text) == "12345678-5"


@pytest.mark.parametrize(("text", "code"), [("12345678-9", "rut_check_digit"), ("x", "rut_malformed")])
def test_a_rut_with_another_check_digit_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_rut(text)
    assert refused.value.code == code
