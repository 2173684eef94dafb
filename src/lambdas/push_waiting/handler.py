"""GET and POST /waiting: look at the waiting queue, push orders back by hand."""

from typing import Any

from mtd.adapters.postgres.intake.intake import PostgresWaiting
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent
from mtd.entrypoints.people import people_handler, tenant_of
from mtd.usecases.intake.push_waiting import list_waiting, push_waiting


def _serve(event: ApiEvent, body: Json, _context: Any) -> Json:
    rows, tenants, tenant = PostgresWaiting(composition.database()), composition.tenants(), tenant_of(event)
    if event["httpMethod"] == "GET":
        return {"waiting": list_waiting(composition.queues(), rows, tenants, tenant)}
    numbers = body.get("numbers")
    if numbers is not None and not (isinstance(numbers, list) and all(isinstance(n, str) for n in numbers)):
        raise InvalidRequest("numbers must be a list of order numbers, or null for all", code="numbers_malformed")
    return {"pushed": push_waiting(numbers, composition.queues(), rows, tenants, tenant)}


handler = people_handler(_serve)
