"""Queries about a run: its progress, its result, and the load on PostgreSQL."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

_PROGRESS = """
select count(*) as registered,
       count(*) filter (where outcome = 'completed') as completed,
       count(*) filter (where outcome <> 'completed') as exceptions,
       (select count(*) from mails where sent_at >= %(since)s) as mails
from orders where received_at >= %(since)s and number ^@ %(prefix)s
"""
_UNSENT = """
select count(*) as mails from mails m join orders o using (order_id)
where o.number ^@ %(prefix)s and m.status in ('pending', 'sending')
"""
_ENDS = """
select number, extract(epoch from received_at)::float8 as received, extract(epoch from ended_at)::float8 as ended,
       outcome, (select count(*) from tokens t where t.order_id = o.order_id) as tokens
from orders o where number ^@ %(prefix)s
"""
# An order's events form a chain: each goes on from the state that the last one led to, from nothing to its end.
_GAPS = """
with chain as (
    select o.order_id, e.from_state, e.to_state, o.outcome,
           lag(e.to_state) over w as before, lead(e.event_id) over w as next
    from orders o left join events e on e.order_id = o.order_id and e.to_state is not null
    where o.number ^@ %(prefix)s
    window w as (partition by o.order_id order by e.event_id)
)
select count(distinct order_id) as orders from chain
where from_state is distinct from before or (next is null and to_state is distinct from outcome and outcome is not null)
"""
_LOAD = """
select sum(xact_commit + xact_rollback)::bigint as transactions,
       sum(tup_inserted + tup_updated + tup_deleted)::bigint as rows_written,
       sum(blks_read)::bigint as blocks_read,
       sum(temp_files)::bigint as temp_files,
       (select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid()) as active
from pg_stat_database where datname = current_database()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """Counts of the run's orders; `mails` are all mails sent since its start."""

    registered: int
    completed: int
    exceptions: int
    mails: int

    @property
    def ended(self) -> int:
        """In an end state."""
        return self.completed + self.exceptions


# A restart of the server on a busy machine may take that long.
_AWAY_SECONDS = 30.0


class RunDatabase:
    """One connection for all threads, which reconnects. The run's order numbers start with `prefix`."""

    def __init__(self, conninfo: str, prefix: str) -> None:
        self._conninfo = conninfo
        self._lock = threading.Lock()
        self._connection = self._connect()
        self._parameters: dict[str, Any] = {"prefix": f"{prefix}-"}
        self._parameters["since"] = self.rows("select now() as now")[0]["now"]

    def progress(self) -> RunProgress:
        """The progress of the run; cheap enough for every second."""
        return RunProgress(**self._one(_PROGRESS))

    def unsent_mails(self) -> int:
        """Mails of the run that are still to be sent."""
        return int(self._one(_UNSENT)["mails"])

    def ends(self) -> list[dict[str, Any]]:
        """Each order: number, received and ended (seconds since 1970), outcome, tokens left."""
        return self.rows(_ENDS)

    def orders_with_gaps(self) -> int:
        """Orders whose events do not form a chain up to their end."""
        return int(self._one(_GAPS)["orders"])

    def load(self) -> dict[str, int]:
        """The server's counters since its start."""
        return self._one(_LOAD)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of the statement, which may use `prefix` and `since`. Raises psycopg.OperationalError when the
        server stays unreachable."""
        deadline = time.monotonic() + _AWAY_SECONDS
        with self._lock:
            while True:
                try:
                    if self._connection.closed:
                        self._connection = self._connect()
                    cursor = self._connection.execute(query.encode(), self._parameters | dict(parameters or {}))
                    return cursor.fetchall() if cursor.description else []
                except psycopg.OperationalError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)

    def _connect(self) -> psycopg.Connection[dict[str, Any]]:
        return psycopg.connect(self._conninfo, autocommit=True, row_factory=dict_row)

    def _one(self, query: str) -> dict[str, Any]:
        return self.rows(query)[0]
