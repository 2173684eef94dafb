"""Migrations and process versions in PostgreSQL, behind `migrate_database.Schema`."""

from importlib.resources import files

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.domain.json_types import Json
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.sql import load

_SQL = load(__name__)


class PostgresSchema:
    """Serves `migrate_database.Schema`. An advisory lock makes two deployments at once apply everything once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def migrate(self) -> list[str]:
        scripts = sorted(
            (file for file in files("mtd.migrations").iterdir() if file.name.endswith(".sql")),
            key=lambda file: file.name,
        )
        with self._database.transaction(pipelined=False) as connection:
            connection.execute(_SQL["lock"])
            connection.execute(_SQL["create_migrations"])
            done = {row["name"] for row in connection.execute(_SQL["applied"])}
            applied = [script for script in scripts if script.name not in done]
            for script in applied:
                connection.execute(script.read_text("utf-8"))
                connection.execute(_SQL["record"], {"name": script.name})
        return [script.name for script in applied]

    def publish(self, process: str, plan_document: Json, diagram: str, diagram_hash: str) -> int:
        parameters = {
            "process": process,
            "plan": Jsonb(plan_document),
            "diagram": diagram,
            "diagram_hash": diagram_hash,
        }
        with self._database.transaction() as connection:
            connection.execute(_SQL["lock"])
            connection.execute(_SQL["insert_version"], parameters)
            connection.execute(_SQL["deactivate_others"], parameters)
            connection.execute(_SQL["activate"], parameters)
            asked = {**parameters, "tenant": PLATFORM_TENANT}
            row = connection.execute(_SQL["published_version"], asked).fetchone()
        assert row is not None
        version: int = row["version"]
        return version
