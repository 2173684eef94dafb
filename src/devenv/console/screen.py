"""Output for people and programs: coloured tables on a terminal, plain tables elsewhere, JSON with --json."""

import argparse
import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_COLOURS = {
    "completed": "green",
    "exception": "red",
    "rejected": "red",
    "waiting": "yellow",
    "cancelled": "dim",
}


def console() -> Console:
    """Standard output, with colours and boxes on a terminal only."""
    made = Console(emoji=False)
    return made if made.is_terminal else Console(width=200, no_color=True, emoji=False)


def json_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON (docs/cli.md has the contract)")


def tenant_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", metavar="CODE", help="act for that tenant (default: the platform tenant, main)")


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> Table:
    """A table of plain texts: markup in the fields of an order is printed as it is."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    return made


def _cell(value: Any) -> Text:
    text = "" if value is None else "".join(letter if letter.isprintable() else "�" for letter in str(value))
    return Text(text, style=_COLOURS.get(text, ""))


def order_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Orders as `mtd up` and `mtd orders` show them."""
    return table(
        ("Number", "Seller", "State", "Total", "", "Reason"),
        ((row["number"], row["seller"], row["state"], row["total"], row["currency"], row["reason"]) for row in rows),
        right=("Total",),
    )
