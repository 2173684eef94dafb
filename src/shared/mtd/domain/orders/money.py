"""Decimal money in any ISO 4217 currency."""

import re
from decimal import ROUND_HALF_UP, Decimal

from mtd.domain.errors import BusinessError, RejectedOrder

# ISO 4217 (list one, 2026): codes by the digits of their minor unit, two unless named here.
_NO_MINOR_UNIT = frozenset(
    """
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
    """.split()
)
_THREE_DIGITS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_FOUR_DIGITS = frozenset({"CLF", "UYW"})
_TWO_DIGITS = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
    COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR
    IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD
    NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
    SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """.split()
)
_MAXIMUM = Decimal(10) ** 15
# Computed amounts stay well inside the 28 digits that decimal arithmetic keeps.
_LARGEST_AMOUNT = Decimal(10) ** 18
# XML Schema's decimal: no exponents, underscores or other scripts' digits, all of which Python's Decimal takes.
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


def minor_digits(currency: str) -> int:
    """The decimals that a currency has: 0 for CLP, 2 for EUR.

    Raises RejectedOrder with code `currency_unknown`.
    """
    if currency in _NO_MINOR_UNIT:
        return 0
    if currency in _THREE_DIGITS:
        return 3
    if currency in _FOUR_DIGITS:
        return 4
    if currency in _TWO_DIGITS:
        return 2
    raise RejectedOrder(f"{currency!r} is not an ISO 4217 currency", code="currency_unknown")


def quantise(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half up to the currency's minor unit.

    Raises BusinessError with code `amount_out_of_range` from 10^18 up.
    """
    if abs(amount) >= _LARGEST_AMOUNT:
        raise BusinessError(
            f"{amount:.3E} {currency} is larger than any amount that MTD can keep", code="amount_out_of_range"
        )
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), ROUND_HALF_UP)


def parse_decimal(text: str, what: str) -> Decimal:
    """A finite decimal of a sane size; `what` names the field in the error.

    Raises RejectedOrder with code `number_malformed`.
    """
    stripped = text.strip()
    if _DECIMAL.fullmatch(stripped) is None:
        raise RejectedOrder(f"{what} is not a number: {text[:40]!r}", code="number_malformed")
    number = Decimal(stripped)
    if abs(number) >= _MAXIMUM or len(stripped) > 40:
        raise RejectedOrder(f"{what} is out of range: {text[:40]!r}", code="number_malformed")
    return number


def plain(number: Decimal) -> str:
    """The number as text without an exponent, as other systems read it."""
    return format(number, "f")
