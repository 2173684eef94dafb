"""The deployment invokes it: {"processes": {name: BPMN XML}} brings schema and processes up to date.

{"users": {"administrator": secret id, "reader": …, "portal": …}} makes the users and sets their passwords first.
"""

from typing import Any

from mtd.adapters.postgres.schema import PostgresSchema
from mtd.config import config
from mtd.entrypoints import composition
from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.processes.migrate_database import migrate_database

set_up_logs()


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    users = event.get("users")
    return migrate_database(
        event.get("processes") or {},
        PostgresSchema(composition.database()),
        composition.users(users, owner=config().database_secret_id) if users else None,
    )
