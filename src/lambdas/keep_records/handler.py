"""Every night it seals and verifies the days that are over, checks invariants, and archives orders that ended long ago.

GET /audit verifies everything, page by page, or checks the invariants. POST /erasures takes a person's data out of
their orders and out of rejected files.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.config import config
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, query_parameter
from mtd.entrypoints.people import platform_handler
from mtd.entrypoints.requests.tasks import read_text
from mtd.usecases.records.archive_orders import archive_orders, asked_months
from mtd.usecases.records.check_invariants import asked_limit, check_invariants
from mtd.usecases.records.erase_person import delete_gone, erase_person, preview_erasure
from mtd.usecases.records.erase_rejected import erase_rejected
from mtd.usecases.records.seal_days import seal_days
from mtd.usecases.records.verify_audit import verify_day, verify_order, verify_page

LOG = logging.getLogger(__name__)
DAYS_A_MONTH = 365.25 / 12
_BIGINT = 2**63
STOP_MILLISECONDS = 60_000
"""With less time left the function begins no further object. The next night goes on."""


def handler(event: dict[str, Any], context: Any) -> Any:
    if "httpMethod" in event:
        return _api(event, context)
    audit, now = composition.audit(), datetime.now(UTC)
    sealed = seal_days(audit, now)
    for seal in sealed:
        # The log keeps the seal apart from the database, so that a forged seal there disagrees with it.
        LOG.warning("day sealed", extra={"day": str(seal.day), "events": seal.events, "seal": seal.hash.hex()})
    broken = [each for seal in sealed for each in verify_day(audit, seal.day)]
    for each in broken:
        LOG.error("audit broken", extra={name: value for name, value in each.items() if name != "number"})
    unkept = _check()
    count(None, {"AuditBroken": len(broken), "InvariantsBroken": len(unkept)})
    archived = _archive(event, now, context) if "archive_months" in event else {}
    delete_gone(composition.erasing(), composition.objects())
    count(config().function, {"days": len(sealed), "broken": len(broken), **archived})
    result = {"broken": broken, "invariants": unkept, "archived": archived}
    return {"sealed": [str(seal.day) for seal in sealed], **result}


def _check() -> list[Json]:
    """The broken invariants, which the log names, too."""
    broken = check_invariants(composition.invariants())
    for each in broken:
        LOG.error("invariant broken", extra={"invariant": each["invariant"], "subject": each["subject"]})
    return broken


def _archive(event: dict[str, Any], now: datetime, context: Any) -> dict[str, int]:
    return archive_orders(
        composition.archive(),
        composition.objects(),
        config().archive_bucket,
        before=now - timedelta(days=round(asked_months(event) * DAYS_A_MONTH)),
        until=lambda: context.get_remaining_time_in_millis() < STOP_MILLISECONDS,
    )


def _verify(event: ApiEvent, _body: Json, _context: Any) -> Json:
    if query_parameter(event, "invariants") is not None:
        seconds = asked_limit(query_parameter(event, "seconds"))
        return {"broken": check_invariants(composition.invariants(), seconds)}
    number = query_parameter(event, "number")
    if number is not None:
        return verify_order(composition.audit(), number)
    after = query_parameter(event, "after")
    return verify_page(composition.audit(), after, composition.objects(), config().archive_bucket)


def _erase(_event: ApiEvent, body: Json, _context: Any) -> Json:
    whom, person, reason = (read_text(body, name, 500) for name in ("whom", "person", "reason"))
    preview = body.get("preview") is True
    if whom and preview and "rejected_after" not in body:
        return preview_erasure(whom, composition.erasing())
    if not whom or not person or not reason:
        raise InvalidRequest(
            "whom (a RUT or a mail address), person and reason must be given", code="request_malformed"
        )
    store, objects, everyone = composition.erasing(), composition.objects(), body.get("everyone") is True
    if "rejected_after" in body:
        after = _read_id(body, "rejected_after")
        return erase_rejected(whom, person, reason, after, store, objects, preview=preview)
    return erase_person(whom, person, reason, store, objects, config().archive_bucket, everyone=everyone)


def _read_id(body: Json, name: str) -> int:
    value = body[name]
    if type(value) is not int or not 0 <= value < _BIGINT:
        raise InvalidRequest(f"{name} must be a whole number from 0 on", code=f"{name}_malformed")
    return value


ROUTES = {"GET /audit": _verify, "POST /erasures": _erase}

_api = platform_handler(ROUTES)
