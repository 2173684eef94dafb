"""The Chilean tax number (RUT, Rol Único Tributario): digits, a dash, and a check digit by modulo 11."""

import re

from mtd.domain.errors import RejectedOrder

FOREIGN_BUYER = "55555555-5"
"""The generic RUT that the SII gives to foreign buyers on export invoices (Resolución Ex. SII 51 of 2005)."""

# The SII numbers legal entities from 50 million up; natural persons are below.
FIRST_LEGAL_ENTITY = 50_000_000

_SHAPE = re.compile(r"(\d{1,8})-?([\dkK])")


def check_digit(number: int) -> str:
    """The modulo 11 check digit of a RUT's number part: '0' to '9' or 'K'."""
    total, factor = 0, 2
    while number:
        number, digit = divmod(number, 10)
        total += digit * factor
        factor = 2 if factor == 7 else factor + 1
    return "0K987654321"[total % 11]


def normalise(text: str) -> str:
    """'12.345.678-5' or '123456785' as '12345678-5'.

    Raises RejectedOrder with code `rut_malformed` or `rut_check_digit`.
    """
    match = _SHAPE.fullmatch(text.strip().replace(".", ""))
    if match is None:
        raise RejectedOrder(f"{text!r} is not a RUT: write it as 12345678-5", code="rut_malformed")
    number, digit = int(match[1]), match[2].upper()
    if check_digit(number) != digit:
        raise RejectedOrder(
            f"RUT {number}-{digit} has a wrong check digit: {check_digit(number)} was expected",
            code="rut_check_digit",
        )
    return f"{number}-{digit}"


def is_legal_entity(rut: str) -> bool:
    """Whether a normalised RUT belongs to a company rather than to a person."""
    return int(rut[:-2]) >= FIRST_LEGAL_ENTITY
