"""Reconciliations of tax documents as people read them."""

from datetime import date
from typing import Any

from mtd.domain.errors import InvalidRequest
from mtd.queries.orders.orders import Reader
from mtd.sql import load

_SQL = load(__name__)


def list_reconciliations(read: Reader, day: str | None) -> dict[str, Any]:
    """The latest ones with all open differences, or one day's with all of its differences. Raises InvalidRequest."""
    try:
        asked = {"day": date.fromisoformat(day) if day else None}
    except ValueError:
        raise InvalidRequest(f"{day!r} is not a date: write it as 2026-09-18", code="day_malformed") from None
    return {
        "reconciliations": read(_SQL["list_reconciliations"], asked),
        "differences": read(_SQL["list_differences"], asked),
    }
