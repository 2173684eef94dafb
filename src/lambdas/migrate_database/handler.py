"""Invoked by the deployment: {"processes": {name: BPMN XML}} brings schema and processes up to date."""

from typing import Any

from mtd.adapters.schema import PostgresSchema
from mtd.entrypoints import composition
from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.migrate_database import migrate_database

set_up_logs()


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return migrate_database(event.get("processes") or {}, PostgresSchema(composition.database()))
