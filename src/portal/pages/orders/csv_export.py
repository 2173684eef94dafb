"""CSV that spreadsheets open without running anything in it."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime

# OWASP's list: what begins so, or so after white space, is a formula for a spreadsheet; the wide ones in some
# languages.
_CONTROLS = ("\t", "\r", "\n")
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\N{FULLWIDTH EQUALS SIGN}",
    "\N{FULLWIDTH PLUS SIGN}",
    "\N{FULLWIDTH HYPHEN-MINUS}",
    "\N{FULLWIDTH COMMERCIAL AT}",
)


def line(values: Sequence[object]) -> str:
    """One line, quoted where needed; text that would be a formula starts with an apostrophe."""
    target = io.StringIO()
    csv.writer(target).writerow([_cell(value) for value in values])
    return target.getvalue()


def headers(name: str) -> dict[str, str]:
    """Sent as a download, never kept."""
    return {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str) and (value.startswith(_CONTROLS) or value.lstrip().startswith(_FORMULA)):
        return f"'{value}"
    return value
