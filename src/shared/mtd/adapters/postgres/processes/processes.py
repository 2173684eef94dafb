"""Process versions in PostgreSQL, behind `manage_processes.Versions`."""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.domain.json_types import Json
from mtd.engine.model import plan_json
from mtd.engine.model.plan import Plan
from mtd.sql import load

_SQL = load(__name__)
_LOCK = load("mtd.adapters.postgres.schema")["lock"]


class PostgresVersions:
    """Serves `manage_processes.Versions`. An advisory lock gives two imports at once different numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, process: str, plan: Json, diagram: str, digest: str, forms: Mapping[str, Any], report: Json) -> int:
        parameters = {
            "process": process,
            "plan": Jsonb(plan),
            "diagram": diagram,
            "digest": digest,
            "forms": Jsonb(dict(forms)),
            "report": Jsonb(report),
        }
        with self._database.transaction() as connection:
            connection.execute(_LOCK)
            row = connection.execute(_SQL["store_version"], parameters).fetchone()
        assert row is not None
        version: int = row["version"]
        return version

    def plan(self, process: str, version: int) -> tuple[int, Plan] | None:
        rows = self._database.query(_SQL["version_plan"], {"process": process, "version": version})
        return (rows[0]["process_version_id"], plan_json.from_json(rows[0]["plan"])) if rows else None

    def activate(self, process: str, version: int) -> bool:
        parameters = {"process": process, "version": version}
        with self._database.transaction() as connection:
            connection.execute(_LOCK)
            connection.execute(_SQL["deactivate_others"], parameters)
            return connection.execute(_SQL["activate_version"], parameters).fetchone() is not None

    def retire(self, process: str, version: int) -> bool:
        return bool(self._database.query(_SQL["retire_version"], {"process": process, "version": version}))
