"""Wide and lasting actions are confirmed first, with their effects."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.portal.services import CSRF, FakePortal

from portal.access.accounts import Role

AT = datetime(2026, 1, 2, tzinfo=UTC)
RETIRE = {"csrf": CSRF, "process": "p", "version": "2", "action": "retire"}


def version(number: int, *, active: bool, orders: int = 0) -> dict[str, Any]:
    return {
        "process": "p",
        "version": number,
        "name": "P",
        "active": active,
        "retired_at": None,
        "imported_at": AT,
        "orders_in_flight": orders,
        "report": {},
    }


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([version(2, active=True, orders=30)], ["p will have no active version", "30 orders in process end on"]),
        ([version(2, active=True, orders=1)], ["1 order in process ends on"]),
        ([version(2, active=True), version(1, active=True)], ["New orders no longer start on this version"]),
    ],
)
def test_retiring_an_active_version_says_what_it_does_first(
    portal: FakePortal, versions: list[dict[str, Any]], expected: list[str]
) -> None:
    """One click stopped all intake."""
    portal.read.rows["from process_versions v"] = versions
    client = portal.client(Role.SUPERVISOR)
    answer = client.post("/processes", data=RETIRE)
    assert answer.status_code == 200
    for sentence in expected:
        assert sentence in answer.text
    assert portal.api.processes == []
    assert client.post("/processes", data=RETIRE | {"confirmed": "true"}).status_code == 303
    assert portal.api.processes == [("p", 2, "retire")]


def test_a_version_that_takes_no_orders_is_retired_at_once(portal: FakePortal) -> None:
    portal.read.rows["from process_versions v"] = [version(2, active=False)]
    assert portal.client(Role.SUPERVISOR).post("/processes", data=RETIRE).status_code == 303
    assert portal.api.processes == [("p", 2, "retire")]


def test_pushing_all_waiting_orders_says_how_many_first(portal: FakePortal) -> None:
    portal.api.rows = [{"number": str(n)} for n in range(3)]
    client = portal.client(Role.OPERATOR)
    answer = client.post("/waiting/push", data={"csrf": CSRF})
    assert "3 orders go back to the queue" in answer.text
    assert portal.api.pushed == []
    client.post("/waiting/push", data={"csrf": CSRF, "confirmed": "true"})
    assert portal.api.pushed == [None]


def test_no_active_process_is_an_alarm_of_its_own(portal: FakePortal) -> None:
    page = portal.client(Role.VIEWER)
    assert "No process is active" in page.get("/").text
    portal.read.rows["node ->> 'id' as state"] = [{"state": "validation", "name": "Validation"}]
    assert "No process is active" not in page.get("/").text
