"""Named SQL: the `.sql` file beside a module holds its queries, each after a line `-- name: …`."""

from functools import cache
from importlib.resources import files
from typing import Any

type Row = dict[str, Any]
"""A row of a query, by the names of its columns."""

_MARK = "-- name:"


@cache
def load(module: str) -> dict[str, str]:
    """The queries beside the module of that dotted name, by their names. Parameters are psycopg's `%(name)s`."""
    package, _, name = module.rpartition(".")
    text = files(package).joinpath(f"{name}.sql").read_text("utf-8")
    queries: dict[str, str] = {}
    for block in text.split(_MARK)[1:]:
        title, _, body = block.partition("\n")
        queries[title.strip()] = body.strip()
    return queries
