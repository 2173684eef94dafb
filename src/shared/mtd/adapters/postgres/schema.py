"""Migrations and process versions in PostgreSQL, behind `migrate_database.Schema`."""

import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.domain.errors import ConfigurationError
from mtd.domain.json_types import Json
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.sql import load

_SQL = load(__name__)


_COMMENT = re.compile(r"--[^\n]*")


def statements_hash(text: str) -> str:
    """The hash of a migration's statements. Comments and white space may change."""
    return hashlib.sha256(" ".join(_COMMENT.sub("", text).split()).encode()).hexdigest()


def refuse_edited(hashes: Mapping[str, str], applied: Mapping[str, str | None]) -> None:
    """Raise ConfigurationError for a migration whose statements are others than those that were applied."""
    edited = sorted(name for name, known in applied.items() if known is not None and hashes.get(name, known) != known)
    if edited:
        raise ConfigurationError(
            f"{', '.join(edited)} was edited after it was applied: undo the edit, and write a new migration",
            code="migration_edited",
        )


class PostgresSchema:
    """Serves `migrate_database.Schema`. An advisory lock makes two deployments at once apply everything once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def migrate(self) -> list[str]:
        scripts = {
            file.name: file.read_text("utf-8")
            for file in sorted(files("mtd.migrations").iterdir(), key=lambda file: file.name)
            if file.name.endswith(".sql")
        }
        hashes = {name: statements_hash(text) for name, text in scripts.items()}
        with self._database.transaction(pipelined=False) as connection:
            connection.execute(_SQL["lock"])
            connection.execute(_SQL["create_migrations"])
            connection.execute(_SQL["add_hashes"])
            done = {row["name"]: row["hash"] for row in connection.execute(_SQL["applied"])}
            refuse_edited(hashes, done)
            applied = [name for name in scripts if name not in done]
            for name in applied:
                connection.execute(scripts[name])
            for name in scripts:
                if done.get(name) is None:
                    connection.execute(_SQL["record"], {"name": name, "hash": hashes[name]})
        return applied

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
