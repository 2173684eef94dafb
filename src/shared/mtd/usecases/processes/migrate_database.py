"""Brings the schema and the processes up to date. Every deployment runs it before traffic."""

import hashlib
from collections.abc import Mapping
from typing import Protocol

from mtd.domain.json_types import Json
from mtd.engine.compiler import importing
from mtd.engine.model import plan_json
from mtd.usecases.processes.import_processes import STATES


class Schema(Protocol):
    """Migrations and process versions in PostgreSQL."""

    def migrate(self) -> list[str]:
        """Apply the missing migrations under a lock. Returns their names.

        Raises ConfigurationError `migration_edited` for a migration that was edited after it was applied.
        """
        ...

    def publish(self, process: str, plan_document: Json, diagram: str, diagram_hash: str) -> int:
        """Keep this diagram as a version of each tenant's process. Returns the platform tenant's version number.

        The version becomes active for tenants where no person has activated or retired a version of that process.
        """
        ...


class Users(Protocol):
    """The database's users, for stacks in which MTD makes them."""

    def ensure(self) -> list[str]:
        """Make the users with their secrets' passwords and rights. Returns their names."""
        ...


def migrate_database(processes: Mapping[str, str], schema: Schema, users: Users | None = None) -> Json:
    """Make the users if `users` is given, migrate the schema, then compile and keep each diagram ({process: BPMN XML}).

    A diagram that is there already changes nothing. Raises ProcessError when a diagram does not compile; the schema is
    migrated all the same.
    """
    made = users.ensure() if users is not None else []
    applied = schema.migrate()
    versions = {}
    for process, diagram in processes.items():
        compiled = plan_json.to_json(importing.compile_plan(diagram.encode(), process, STATES))
        digest = hashlib.sha256(diagram.encode()).hexdigest()
        versions[process] = schema.publish(process, compiled, diagram, digest)
    return {"users": made, "applied": applied, "processes": versions}
