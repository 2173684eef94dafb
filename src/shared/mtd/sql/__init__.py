"""Named SQL: each `.sql` file here holds queries that start with `-- name: …`."""

from functools import cache
from importlib.resources import files

_MARK = "-- name:"


@cache
def load(module: str, package: str = __name__) -> dict[str, str]:
    """The queries of the package's `<module>.sql` by name; parameters are psycopg's `%(name)s`."""
    text = files(package).joinpath(f"{module}.sql").read_text("utf-8")
    queries: dict[str, str] = {}
    for block in text.split(_MARK)[1:]:
        name, _, body = block.partition("\n")
        queries[name.strip()] = body.strip()
    return queries
