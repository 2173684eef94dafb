"""CSV that spreadsheets open without running anything in it."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal, get_decimal_symbol

from portal.rendering import formats
from portal.rendering.formats import LOCALES

# OWASP's list: what begins so, or so after white space, is a formula for a spreadsheet; the wide ones in some
# languages.
_CONTROLS = ("\t", "\r", "\n")
_FORMULA = "=+@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}-"
# A spreadsheet of another locale separates cells by another sign, whatever the quotes: text after one begins a cell.
_BEGINS_FORMULA = re.compile(rf"(^|[;,|\t\r\n])((?:[^\S\t\r\n]|\")*)(?=[{_FORMULA}])")


_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""The byte order mark by which Excel knows that a file is UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excel:
    """How the reader's Excel opens a CSV: with the separators and dates of a locale, in the reader's zone."""

    locale: str
    zone: ZoneInfo

    @property
    def delimiter(self) -> str:
        """A semicolon where the comma separates decimals."""
        return ";" if get_decimal_symbol(LOCALES[self.locale]) == "," else ","

    def cell(self, value: object) -> object:
        if isinstance(value, datetime):
            return formats.moment(value, self.zone, self.locale)
        if isinstance(value, date):
            return formats.day(value, self.locale)
        if isinstance(value, Decimal | float):
            return format_decimal(value, "0.##########", LOCALES[self.locale], group_separator=False)
        return _cell(value)


def lines(head: Sequence[str], rows: Iterable[Sequence[object]], excel: Excel | None) -> Iterator[str]:
    """The file, line by line: plain CSV with points and ISO 8601, or as the reader's Excel opens it."""
    yield (_MARK if excel else "") + line(head, excel)
    for row in rows:
        yield line(row, excel)


def line(values: Sequence[object], excel: Excel | None = None) -> str:
    """One line, quoted where needed; text that would be a formula starts with an apostrophe."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=excel.delimiter if excel else ",")
    writer.writerow([excel.cell(value) if excel else _cell(value) for value in values])
    return target.getvalue()


def headers(name: str) -> dict[str, str]:
    """Sent as a download, never kept."""
    return {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if not isinstance(value, str):
        return value
    guarded = _BEGINS_FORMULA.sub(r"\1'\2", value)
    return f"'{guarded}" if value.startswith(_CONTROLS) and not guarded.startswith("'") else guarded
