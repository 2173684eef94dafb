"""SQLite connections that close at the end of their block.

LocalStack opens one for each query of CloudWatch in `with sqlite3.connect(...)`. Such a block ends the transaction and
leaves the connection open until a garbage collection, so a system that does nothing ran out of descriptors.
"""

import resource
import sqlite3
from types import SimpleNamespace, TracebackType
from typing import Any, Literal

MOST_DESCRIPTORS = 65_536
"""Enough for a few hundred environments with eight descriptors each. macOS gives 256 by default."""


class ClosingConnection(sqlite3.Connection):
    """A connection whose `with` block ends the transaction and then the connection."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> Literal[False]:
        try:
            return super().__exit__(kind, error, trace)
        finally:
            self.close()


def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    """`sqlite3.connect` with connections of that kind."""
    return sqlite3.connect(*args, factory=ClosingConnection, **kwargs)


def closing_sqlite() -> SimpleNamespace:
    """The module `sqlite3` with that `connect`, to be put in the place of a module's own import."""
    return SimpleNamespace(**{**vars(sqlite3), "connect": connect})


def raise_descriptor_limit() -> None:
    """Raise the soft limit of open descriptors as far as the hard one, or MOST_DESCRIPTORS, allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(MOST_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
