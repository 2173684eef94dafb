"""Brings the schema and the processes up to date; run after every deployment, before traffic."""

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
        """Apply what is missing, under a lock; the names applied."""
        ...

    def publish(self, process: str, plan_document: Json, diagram: str, diagram_hash: str) -> int:
        """Keep this diagram as a version of each tenant's process; the platform tenant's version number.

        It becomes the active one of the tenants where no person has activated or retired a version of that process.
        """
        ...


class Users(Protocol):
    """The database's users, where MTD itself makes them."""

    def ensure(self) -> list[str]:
        """Make them, give them their secrets' passwords and what they may; their names."""
        ...


def migrate_database(processes: Mapping[str, str], schema: Schema, users: Users | None = None) -> Json:
    """Make the users where that is MTD's to do, migrate, then compile and publish each diagram ({process: BPMN XML});
    the same diagram again is a no-op.

    Raises ProcessError when a diagram does not compile; the schema is migrated all the same.
    """
    made = users.ensure() if users is not None else []
    applied = schema.migrate()
    versions = {}
    for process, diagram in processes.items():
        compiled = plan_json.to_json(importing.compile_plan(diagram.encode(), process, STATES))
        digest = hashlib.sha256(diagram.encode()).hexdigest()
        versions[process] = schema.publish(process, compiled, diagram, digest)
    return {"users": made, "applied": applied, "processes": versions}
