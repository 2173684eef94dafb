"""Process versions in PostgreSQL, behind `rebind.StoredSources`."""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.domain.json_types import Json
from mtd.engine.model import plan_json
from mtd.engine.model.plan import Plan
from mtd.sql import load
from mtd.usecases.processes.manage_processes import SourceFile
from mtd.usecases.processes.rebind import StoredSource

_SQL = load(__name__)
_LOCK = load("mtd.adapters.postgres.schema")["lock"]


class PostgresVersions:
    """Serves `rebind.StoredSources`. An advisory lock gives two imports at once different numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(
        self,
        process: str,
        plan: Json,
        diagram: str,
        digest: str,
        forms: Mapping[str, Any],
        report: Json,
        file: SourceFile,
    ) -> int:
        parameters = {
            "process": process,
            "plan": Jsonb(plan),
            "diagram": diagram,
            "digest": digest,
            "forms": Jsonb(dict(forms)),
            "report": Jsonb(report),
            "source_name": file.name,
            "source": file.content,
            "sheet": Jsonb(file.sheet),
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

    def source(self, process: str, version: int) -> StoredSource | None:
        rows = self._database.query(_SQL["version_source"], {"process": process, "version": version})
        if not rows or rows[0]["source"] is None:
            return None
        [row] = rows
        file = SourceFile(name=row["source_name"], content=bytes(row["source"]), sheet=row["sheet"])
        return StoredSource(file=file, forms=row["forms"] or {})

    def activate(self, process: str, version: int) -> bool:
        parameters = {"process": process, "version": version}
        with self._database.transaction() as connection:
            connection.execute(_LOCK)
            connection.execute(_SQL["deactivate_others"], parameters)
            return connection.execute(_SQL["activate_version"], parameters).fetchone() is not None

    def retire(self, process: str, version: int) -> bool:
        return bool(self._database.query(_SQL["retire_version"], {"process": process, "version": version}))
