"""`python -m tests.house` measures the source tree and prints a table; it ends with 1 if a limit is broken.

The last line is one JSON object of the measured values.
"""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.house.report import Measure, measure_all

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    measures = measure_all(PROJECT)
    Console(width=140).print(_table(measures))
    print(json.dumps({measure.key: measure.value for measure in measures if measure.key}))
    return 0 if all(measure.holds for measure in measures) else 1


def _table(measures: list[Measure]) -> Table:
    table = Table("Measure", "Value", "Limit", "", "Where")
    for measure in measures:
        mark = "" if measure.holds else "BROKEN"
        table.add_row(measure.title, str(measure.value), str(measure.limit), mark, measure.where)
    return table


if __name__ == "__main__":
    raise SystemExit(main())
