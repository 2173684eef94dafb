"""/dte: every morning yesterday's tax documents are compared with Paperless's; by hand those of any day."""

from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.reader import PostgresReader
from mtd.config import config
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, query_parameter
from mtd.entrypoints.people import platform_handler
from mtd.entrypoints.requests.tasks import read_number, read_text
from mtd.queries.reporting.reconciliations import list_reconciliations
from mtd.usecases.reporting.reconcile_dte import Reconciled, reconcile_dte


def handler(event: dict[str, Any], context: Any) -> Any:
    if "httpMethod" in event:
        return _api(event, context)
    found = _reconcile(event.get("day"))
    return {"day": found.day.isoformat(), "differences": len(found.found), "folios_last_days": found.least_days}


def _reconcile(day: str | None) -> Reconciled:
    found = reconcile_dte(day, composition.register(), composition.documents())
    count(config().function, {"documents": found.theirs, "differences": len(found.found)})
    if found.least_days is not None:
        # Their alarms watch the whole system's figures.
        count(None, {"FolioDays": found.least_days})
    count(None, {"DteDifferences": len(found.found)})
    return found


def _serve(event: ApiEvent, body: Json, _context: Any) -> Json:
    path = event.get("pathParameters") or {}
    if "difference_id" in path:
        person, note = read_text(body, "person", 200), read_text(body, "note", 2_000)
        if not person or not note:
            raise InvalidRequest("person and note must be given: the difference keeps them", code="request_malformed")
        if not composition.documents().resolve(read_number(path["difference_id"]), person, note):
            raise NotFound("there is no open difference of that number", code="difference_unknown")
        return {"difference_id": int(path["difference_id"]), "status": "resolved"}
    day = query_parameter(event, "day")
    if event["httpMethod"] == "POST":
        day = _reconcile(read_text(body, "day", 10)).day.isoformat()
    return list_reconciliations(PostgresReader(composition.database()), day)


_api = platform_handler(_serve)
