"""/dte: compares yesterday's tax documents with Paperless's every morning, or those of any day by hand."""

from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.reader import PostgresReader
from mtd.config import config
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, path_parameter, query_parameter
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
        # The alarms watch figures of the whole system.
        count(None, {"FolioDays": found.least_days})
    count(None, {"DteDifferences": len(found.found)})
    return found


def _list_reconciliations(event: ApiEvent, _body: Json, _context: Any) -> Json:
    return list_reconciliations(PostgresReader(composition.database()), query_parameter(event, "day"))


def _reconcile_by_hand(_event: ApiEvent, body: Json, _context: Any) -> Json:
    day = _reconcile(read_text(body, "day", 10)).day.isoformat()
    return list_reconciliations(PostgresReader(composition.database()), day)


def _resolve_difference(event: ApiEvent, body: Json, _context: Any) -> Json:
    difference_id = read_number(path_parameter(event, "difference_id"))
    person, note = read_text(body, "person", 200), read_text(body, "note", 2_000)
    if not person or not note:
        raise InvalidRequest("person and note must be given: the difference keeps them", code="request_malformed")
    if not composition.documents().resolve(difference_id, person, note):
        raise NotFound(
            "there is no open difference with that number: it does not exist, or somebody has resolved it",
            code="difference_unknown",
        )
    return {"difference_id": difference_id, "status": "resolved"}


ROUTES = {
    "GET /dte/reconciliations": _list_reconciliations,
    "POST /dte/reconciliations": _reconcile_by_hand,
    "POST /dte/differences/{difference_id}/resolve": _resolve_difference,
}

_api = platform_handler(ROUTES)
