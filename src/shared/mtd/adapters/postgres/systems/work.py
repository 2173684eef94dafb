"""Tasks of systems that have workers, behind `systems.work.Work`."""

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.store import lease_result
from mtd.domain.circuit import CircuitState
from mtd.sql import load
from mtd.usecases.flow.tokens import LeaseResult
from mtd.usecases.systems.work import WorkLease

_SQL = load(__name__)


class PostgresWork:
    """Serves `systems.work.Work`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lease(self, server: str, system: str, most: int, lease_seconds: float) -> LeaseResult:
        asked = {"server": server, "system": system, "most": most, "lease_seconds": lease_seconds}
        return lease_result(self._database.query(_SQL["lease_work"], asked), CircuitState.CLOSED)

    def leased(self, server: str, lease: WorkLease) -> LeaseResult:
        asked = {"token_id": lease.token_id, "version": lease.version, "attempts": lease.attempts, "server": server}
        return lease_result(self._database.query(_SQL["leased_work"], asked), CircuitState.CLOSED)
