"""Declared systems, their turns and the counts of their calls, behind `systems.ports.Systems`."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.domain.errors import NotFound
from mtd.domain.systems.system import System, read_system, system_json
from mtd.sql import load
from mtd.usecases.systems.ports import CallCounts, Reservation

_SQL = load(__name__)


class PostgresSystems:
    """Serves `systems.ports.Systems`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declared(self) -> Mapping[str, System]:
        rows = self._database.query(_SQL["systems"], {"system": None})
        return {row["system"]: read_system(row["system"], row["declaration"]) for row in rows}

    def system(self, name: str) -> System:
        rows = self._database.query(_SQL["systems"], {"system": name})
        if not rows:
            raise NotFound(
                f"no system {name!r} is declared: declare it with 'mtd systems declare'", code="system_unknown"
            )
        return read_system(name, rows[0]["declaration"])

    def declare(self, system: System, person: str) -> bool:
        asked = {"system": system.name, "declaration": Jsonb(system_json(system)), "person": person}
        with self._database.transaction() as connection:
            row = connection.execute(_SQL["declare_system"], asked).fetchone()
            connection.execute(_SQL["keep_circuit"], {"system": system.name})
        assert row is not None
        return bool(row["new"])

    def reserve(self, system: System, calls: int, within_seconds: float) -> Reservation:
        asked = {"system": system.name, "calls": calls, "within_seconds": within_seconds, "rate": system.rate}
        [row] = self._database.query(_SQL["reserve_turns"], asked)
        return Reservation(starts_in=row["starts_in"], granted=row["granted"])

    def record_calls(self, system: str, calls: CallCounts) -> None:
        counts = {name: getattr(calls, name) for name in ("calls", "unanswered", "refused", "ms", "longest_ms")}
        self._database.query(_SQL["record_calls"], {"system": system, **counts})
