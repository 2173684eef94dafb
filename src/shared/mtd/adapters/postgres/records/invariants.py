"""The invariants as queries whose rows break them, behind `check_invariants.Invariants`."""

from collections.abc import Sequence

from mtd.adapters.postgres.database import Database
from mtd.engine.model import plan_json
from mtd.sql import load
from mtd.usecases.records.check_invariants import ActiveVersion, BrokenInvariant

_SQL = load(__name__)
_ROWS = 100
INVARIANTS = (
    "order_without_token",
    "ended_order_with_token",
    "exception_without_incident",
    "incident_of_no_exception",
    "service_stands",
    "timer_stands",
    "parked_for_a_closed_circuit",
    "person_without_task",
    "task_without_token",
    "mail_stands",
    "message_unsent",
    "operation_stands",
    "issued_without_document",
    "rows_of_two_tenants",
)
"""Their names, which are those of the queries."""


class PostgresInvariants:
    """Reads as the tables' owner: an invariant is about all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def broken(self, limit_seconds: int) -> Sequence[BrokenInvariant]:
        asked = {"limit": limit_seconds, "rows": _ROWS}
        return [
            BrokenInvariant(invariant=name, **row)
            for name in INVARIANTS
            for row in self._database.query(_SQL[name], asked)
        ]

    def active_versions(self) -> Sequence[ActiveVersion]:
        rows = self._database.query(_SQL["active_versions"])
        return [ActiveVersion(**{**row, "plan": plan_json.from_json(row["plan"])}) for row in rows]
