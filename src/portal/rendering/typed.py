"""Numbers and RUTs as people type them: read strictly in their locale, so that 12.000 is twelve thousand in Spanish."""

from decimal import Decimal, InvalidOperation

from babel.numbers import NumberFormatError, format_decimal, parse_decimal

from mtd.domain.errors import InvalidRequest, RejectedOrder
from mtd.domain.tax import rut
from portal.rendering.formats import LOCALES, NONE

_TOO_LARGE = Decimal(10) ** 15
_LONGEST = 40
_LETTERS = frozenset("0123456789.,-")


class Mistyped(InvalidRequest):
    """A `text` that is not what its field takes; the catalogue says what it should be."""

    def __init__(self, text: str, *, code: str) -> None:
        super().__init__(f"{text[:_LONGEST]!r} is refused: {code}", code=code)
        self.text = text[:_LONGEST]


def read_number(text: str, locale: str) -> Decimal:
    """A number with the locale's separators, or without any; a dollar sign before it is ignored.

    Raises Mistyped with code `number_malformed` for anything else: `12.5` is no number in Spanish, where a point
    separates thousands.
    """
    plain = text.strip().removeprefix("$").strip()
    try:
        number = parse_decimal(plain, locale=LOCALES[locale], strict=True)
        # Babel takes what Decimal takes: exponents, and words such as Infinity.
        if not _LETTERS.issuperset(plain) or abs(number) >= _TOO_LARGE or len(plain) > _LONGEST:
            raise NumberFormatError(plain)
    except NumberFormatError:
        raise Mistyped(text, code="number_malformed") from None
    return number


def show_number(number: Decimal, locale: str) -> str:
    """The number as `read_number` reads it, with all of its decimals."""
    return format_decimal(number, locale=LOCALES[locale], decimal_quantization=False)


def show_typed(value: str | None, locale: str) -> str:
    """A document's own text of a number as `show_number` writes it; any other text as it is, none as a dash."""
    try:
        return NONE if value is None else show_number(Decimal(value), locale)
    except InvalidOperation:
        return value or NONE


def read_rut(text: str) -> str:
    """12.345.678-5, 12345678-5 or 123456785 as 12345678-5.

    Raises Mistyped with code `rut_malformed` or `rut_check_digit`.
    """
    try:
        return rut.normalise(text)
    except RejectedOrder as error:
        raise Mistyped(text, code=error.code) from error
