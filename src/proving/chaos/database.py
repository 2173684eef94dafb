"""Faults of PostgreSQL, and queries about a run under faults."""

import time
from collections.abc import Sequence
from typing import Any

from devenv.backends.choice import recorded_backend, servers_of
from devenv.running import Running
from proving.chaos.plan import FaultKind
from proving.chaos.record import FaultRecord
from proving.stress.database import RunDatabase

_CUT = """
select count(pg_terminate_backend(pid)) as cut from pg_stat_activity
where usename = current_user and datname = current_database() and pid <> pg_backend_pid()
"""
# Every column that is compared with now(): leases, due times, ages. To move them back is the same as a clock that jumps
# forward. Locked rows are skipped.
_JUMPS = (
    """update tokens set due_at = due_at - make_interval(secs => %(seconds)s),
                         leased_until = leased_until - make_interval(secs => %(seconds)s)
       where token_id in (select token_id from tokens order by token_id for update skip locked)""",
    """update outbox set created_at = created_at - make_interval(secs => %(seconds)s)
       where outbox_id in (select outbox_id from outbox order by outbox_id for update skip locked)""",
    """update mails set created_at = created_at - make_interval(secs => %(seconds)s),
                        claimed_at = claimed_at - make_interval(secs => %(seconds)s)
       where mail_id in (select mail_id from mails where status in ('pending', 'sending')
                         order by mail_id for update skip locked)""",
    """update circuits set next_probe_at = next_probe_at - make_interval(secs => %(seconds)s),
                           drained_until = drained_until - make_interval(secs => %(seconds)s)
       where system in (select system from circuits order by system for update skip locked)""",
)
_RESTING = "select distinct number from waiting_orders where number ^@ %(prefix)s and pushed_at is null"
_WITHOUT_INCIDENT = """
select count(*) as orders from orders o
where o.number ^@ %(prefix)s and o.outcome = 'exception' and o.conflicts_with is null
  and not exists (select from incidents i where i.order_id = o.order_id and i.resolved_at is null)
"""
_DOCUMENTS = """
select o.number, d.document_type, d.folio from orders o join (
    select order_id, document_type, folio from tax_documents
    union all
    select order_id, document_type, folio from further_documents where refers_to_type is null
) d using (order_id)
where o.number ^@ %(prefix)s
"""


class ChaosDatabase(RunDatabase):
    """The database of a run, with faults."""

    def __init__(self, running: Running, prefix: str, record: FaultRecord) -> None:
        super().__init__(running.conninfo(), prefix)
        self._running = running
        self._record = record

    def restart(self) -> None:
        """Shuts PostgreSQL down fast, while functions work, and starts it."""
        self._record.add(FaultKind.DATABASE_RESTARTED)
        servers_of(self._running.instance, recorded_backend(self._running.document)).restart_postgres()

    def cut_connections(self) -> None:
        """Terminates every connection of the application."""
        at = time.time()
        self._record.add(FaultKind.CONNECTIONS_CUT, count=int(self.rows(_CUT)[0]["cut"]), at=at)

    def jump_clock(self, seconds: float) -> None:
        """Makes PostgreSQL's clock jump forward for the tables of the order's way."""
        self.advance(seconds)
        self._record.add(FaultKind.CLOCK_JUMPED)

    def advance(self, seconds: float) -> None:
        """As `jump_clock`, but not recorded as a fault."""
        for statement in _JUMPS:
            self.rows(statement, {"seconds": seconds})

    def waiting_numbers(self) -> list[str]:
        """Numbers of the run in the waiting queue."""
        return [str(row["number"]) for row in self.rows(_RESTING)]

    def exceptions_without_incident(self) -> int:
        """The number of exceptions without an open incident, on which a person cannot act."""
        return int(self.rows(_WITHOUT_INCIDENT)[0]["orders"])

    def recorded_documents(self) -> set[tuple[str, int, int]]:
        """Number, type and folio of each tax document that MTD knows of."""
        return {(row["number"], row["document_type"], row["folio"]) for row in self.rows(_DOCUMENTS)}

    def unended_orders(self) -> Sequence[dict[str, Any]]:
        """Orders of the run that have not ended, with their places, for the report."""
        return self.rows(
            "select o.number, array_agg(t.node) as places from orders o left join tokens t using (order_id)"
            " where o.number ^@ %(prefix)s and o.outcome is null group by o.number order by o.number"
        )
