"""GET and POST /waiting: look at the waiting queue, push orders back by hand."""

from typing import Any

from mtd.adapters.postgres.intake.intake import PostgresWaiting
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent
from mtd.entrypoints.people import people_handler, tenant_of
from mtd.usecases.intake.push_waiting import list_waiting, push_waiting


def _list_waiting(event: ApiEvent, _body: Json, _context: Any) -> Json:
    rows = PostgresWaiting(composition.database())
    return {"waiting": list_waiting(composition.queues(), rows, composition.tenants(), tenant_of(event))}


def _push_waiting(event: ApiEvent, body: Json, _context: Any) -> Json:
    numbers, rows = body.get("numbers"), PostgresWaiting(composition.database())
    if numbers is not None and not (isinstance(numbers, list) and all(isinstance(n, str) for n in numbers)):
        raise InvalidRequest("numbers must be a list of order numbers, or null for all", code="numbers_malformed")
    return {"pushed": push_waiting(numbers, composition.queues(), rows, composition.tenants(), tenant_of(event))}


ROUTES = {"GET /waiting": _list_waiting, "POST /waiting": _push_waiting}

handler = people_handler(ROUTES)
