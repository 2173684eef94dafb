"""Queries about archived orders join the rows of the archive and those of PostgreSQL."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from mtd.queries.orders.order_page import order_page
from mtd.queries.orders.orders import timeline

ORDER = UUID(int=7)
AT = datetime(2026, 9, 18, 12, tzinfo=UTC)


def event(number: int, what: str, detail: Any) -> dict[str, Any]:
    return {
        "event_id": number,
        "order_id": ORDER,
        "at": AT.replace(minute=number),
        "who": "w",
        "source": "PostgreSQL",
        "what": what,
        "from_state": None,
        "to_state": "completed",
        "ms": "1.5",
        "request_id": None,
        "detail": detail,
    }


LINE = {
    "order": {"order_id": str(ORDER), "document": {"lines": [{"sku": "S"}]}},
    "events": [{**event(1, "done", '{"folio": 7}'), "at": AT.replace(minute=1).isoformat()}],
    "mails": [{"kind": "being_processed", "sent_at": AT.isoformat(), "created_at": AT.isoformat()}],
    "incidents": [{"code": code, "opened_at": AT.isoformat(), "resolved_at": None} for code in ("first", "second")],
}


def read(query: str, _: Any) -> list[dict[str, Any]]:
    if "archive_key" in query:
        return [
            {
                "order_id": ORDER,
                "number": "N",
                "seller_name": "S",
                "outcome": "completed",
                "reason": None,
                "folio": None,
                "conflicts_with": None,
                "archived_at": AT,
                "archive_key": "key",
                "nodes": None,
            }
        ]
    if "p.plan" in query:
        return [
            {
                "order_id": ORDER,
                "document": {"buyer": {}},
                "plan": {"nodes": []},
                "outcome": "completed",
                "archived_at": AT,
            }
        ]
    return [event(2, "came late", {})] if "from events" in query else []


def test_the_timeline_goes_on_from_the_archive() -> None:
    history = timeline(read, "N", lambda key, order_id: {("key", ORDER): LINE}[key, order_id])

    assert [each["what"] for each in history["events"]] == ["done: folio 7", "came late"]
    assert history["events"][0]["ms"] == 1.5
    assert history["orders"][0]["archived_at"] == AT.isoformat()


def test_the_page_has_all_that_the_archive_has() -> None:
    page = order_page(read, ORDER, {ORDER: LINE}.__getitem__)

    assert page.order["document"] == {"lines": [{"sku": "S"}]}
    assert [station["what"] for station in page.stations] == ["done: folio 7", "came late"]
    assert page.mails[0]["sent_at"] == AT
    assert [incident["code"] for incident in page.incidents] == ["second", "first"]
