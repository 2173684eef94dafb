"""The Chilean tax number (RUT, Rol Único Tributario): digits, a dash, and a check digit by modulo 11.

Every part of the system reads a RUT with `normalise`: orders, searches, forms, and the erasure of a person.
"""

import re

from mtd.domain.errors import RejectedOrder

FOREIGN_BUYER = "55555555-5"
"""The generic RUT that the SII gives to foreign buyers on export invoices (Resolución Ex. SII 51 of 2005)."""

ANONYMOUS_BUYER = "66666666-6"
"""The generic RUT of a consumer whom a boleta does not name."""

# The SII numbers legal entities from 50 million up; natural persons are below.
FIRST_LEGAL_ENTITY = 50_000_000

_SHAPE = re.compile(r"0*([1-9][0-9]*)-?([0-9kK])")
_MOST_DIGITS = 8
# A person's keyboard or word processor writes these for the dash.
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-") | {".": None})


def check_digit(number: int) -> str:
    """The modulo 11 check digit of a RUT's number part: '0' to '9' or 'K'."""
    total, factor = 0, 2
    while number:
        number, digit = divmod(number, 10)
        total += digit * factor
        factor = 2 if factor == 7 else factor + 1
    return "0K987654321"[total % 11]


def normalise(text: str) -> str:
    """'12.345.678-5', '012345678-5' or '123456785' as '12345678-5'; the check digit K is a capital.

    Raises RejectedOrder with code `rut_malformed` or `rut_check_digit`; its message names what would be right.
    """
    match = _SHAPE.fullmatch(text.strip().translate(_DASHES))
    if match is None:
        raise RejectedOrder(f"{text[:40]!r} is not a RUT: write it as 12345678-5", code="rut_malformed")
    if len(match[1]) > _MOST_DIGITS:
        raise RejectedOrder(
            f"{text[:40]!r} is not a RUT: it has {len(match[1])} digits before the check digit, and a RUT has at most "
            f"{_MOST_DIGITS}; write it as 12345678-5",
            code="rut_malformed",
        )
    number, digit = int(match[1]), match[2].upper()
    if check_digit(number) != digit:
        raise RejectedOrder(
            f"RUT {number}-{digit} has a wrong check digit: {check_digit(number)} was expected",
            code="rut_check_digit",
        )
    return f"{number}-{digit}"


def read(text: str) -> str | None:
    """The normalised RUT that the text is, None where it is none."""
    try:
        return normalise(text)
    except RejectedOrder:
        return None


def is_legal_entity(rut: str) -> bool:
    """Whether a normalised RUT belongs to a company rather than to a person; the generic ones belong to nobody."""
    return rut not in (FOREIGN_BUYER, ANONYMOUS_BUYER) and int(rut[:-2]) >= FIRST_LEGAL_ENTITY
