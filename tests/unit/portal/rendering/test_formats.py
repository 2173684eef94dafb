"""Numbers, money, times, and CSV that runs nothing."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.pages.orders.csv_export import Excel, line, lines
from portal.rendering.formats import age, day, duration, moment, money, number


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "expected"),
    [
        (Decimal("1454025"), "CLP", "es", "CLP\u00a01.454.025"),
        (Decimal("1454025"), "CLP", "en", "CLP\u00a01,454,025"),
        ("6363", "NOK", "es", "NOK\u00a06.363,00"),
        (Decimal("-0.5"), "EUR", "en", "EUR\u00a0-0.50"),
        (None, "EUR", "en", "–"),
        (Decimal("1"), None, "en", "1.00"),
        (Decimal("1.5"), "CLF", "es", "CLF\u00a01,5000"),
        (Decimal("1.5"), "KWD", "en", "KWD\u00a01.500"),
        (Decimal("1.5"), "???", "en", "???\u00a01.50"),
    ],
)
def test_money_has_its_currencys_decimals(
    amount: Decimal | None, currency: str | None, locale: str, expected: str
) -> None:
    assert money(amount, currency, locale) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "–"),
        (0, "0 ms"),
        (0.00001, "0.0 ms"),
        (0.0042, "4.2 ms"),
        (0.34, "340 ms"),
        (0.9996, "1.0 s"),
        (4.25, "4.2 s"),
        (59.94, "59.9 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (18720, "5 h 12 min"),
        (187e3, "2 d 3 h"),
    ],
)
def test_a_duration_has_the_units_that_matter(seconds: float | None, expected: str) -> None:
    assert duration(seconds, "en") == expected


def test_an_age_is_in_whole_seconds() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    ages = [age(now - timedelta(seconds=seconds), "es", now) for seconds in (0.2, 5.7, 61, 7200)]
    assert ages == ["1 s", "5 s", "1 min 1 s", "2 h"]


def test_a_moment_is_in_the_readers_zone() -> None:
    at = datetime(2026, 7, 1, 2, 30, 1, 9000, tzinfo=UTC)
    assert moment(at, ZoneInfo("America/Santiago"), "es") == "30-06-2026 22:30:01"
    assert moment(at.isoformat(), ZoneInfo("UTC"), "en", precise=True) == "2026-07-01 02:30:01.009"


def test_a_day_is_unmistakable() -> None:
    days = [day(on, locale) for on in (date(2026, 2, 1), "2026-02-01", None) for locale in ("es", "en")]
    assert days == ["01-02-2026", "2026-02-01"] * 2 + ["–", "–"]


def test_thousands_are_the_locales() -> None:
    assert [number(1234567, locale) for locale in ("es", "en")] == ["1.234.567", "1,234,567"]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-2", "@sum", "\t=1", "\r=1", "\n=1", "  =cmd|'/c calc'!A0", "\u00a0=1", "＝1", "＠sum"]
)
def test_a_formula_becomes_text(cell: str) -> None:
    assert next(csv.reader(io.StringIO(line([cell]))))[0].startswith("'")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@given(st.lists(st.text(st.sampled_from("ab ;,|\t=+-@\"'")), min_size=1))
def test_no_separator_of_any_locale_makes_a_formula_of_text(separator: str, cells: list[str]) -> None:
    """A file with commas is opened where the list separator is a semicolon, and the other way round."""
    for excel in (None, Excel(locale="es", zone=ZoneInfo("UTC"))):
        for row in csv.reader(io.StringIO(line(cells, excel), newline=""), delimiter=separator):
            assert not any(cell.strip(' "').startswith(("=", "+", "-", "@")) for cell in row)


def test_a_formula_behind_a_semicolon_becomes_text() -> None:
    assert line(["Comercial;=2+5;x", "a-b", "A, B"]) == 'Comercial;\'=2+5;x,a-b,"A, B"\r\n'


def test_excel_in_chile_opens_it() -> None:
    """Excel in es-CL: semicolons, a comma before decimals, days first; the mark says that it is UTF-8."""
    excel = Excel(locale="es", zone=ZoneInfo("America/Santiago"))
    at = datetime(2026, 7, 1, 2, 30, 1, tzinfo=UTC)
    row = ["Ñuñoa; Ltda.", Decimal("1454025.50"), Decimal(-7), 3, at, date(2026, 2, 1), "12345678-5", "=1", None]
    assert list(lines(["Número"], [row], excel)) == [
        "\ufeffNúmero\r\n",
        '"Ñuñoa; Ltda.";1454025,5;-7;3;30-06-2026 22:30:01;01-02-2026;12345678-5;\'=1;\r\n',
    ]
    assert Excel(locale="en", zone=ZoneInfo("UTC")).delimiter == ","
    assert list(lines(["a"], [[Decimal("1.50")]], None)) == ["a\r\n", "1.50\r\n"]


def test_numbers_stay_numbers() -> None:
    assert line([Decimal("-5.10"), 3, None, "a,b"]) == '-5.10,3,,"a,b"\r\n'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n")), min_size=1))
def test_text_comes_back_as_it_was_but_never_as_a_formula(cells: list[str]) -> None:
    [read] = csv.reader(io.StringIO(line(cells), newline=""))
    assert all(cell.replace("'", "") == given.replace("'", "") for cell, given in zip(read, cells, strict=True))
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) for cell in read)
