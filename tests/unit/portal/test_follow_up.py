"""Work besides orders: notes, warnings, differences of tax documents, the alarms of the control room."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.unit.portal.services import CSRF, FakePortal

from mtd.domain.errors import MtdError, NotFound
from portal.access.accounts import Role

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ORDER_ID = uuid.UUID(int=7)


def warned(portal: FakePortal, **changed: Any) -> None:
    row = {
        "warning_id": 5,
        "order_id": ORDER_ID,
        "number": "O-<7>",
        "seller": "S",
        "kind": "promise",
        "state": "dispatch",
        "due_at": AT,
        "predicted_at": AT + timedelta(hours=3),
        "created_at": AT,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "ended_at": None,
        "outcome": None,
    }
    portal.read.rows["from warnings w join orders"] = [row | changed]


def test_a_warning_says_how_late_the_order_will_be_and_is_acknowledged_by_name(portal: FakePortal) -> None:
    warned(portal)
    page = portal.client(Role.OPERATOR).get("/warnings").text
    for expected in ("O-&lt;7&gt;", "Promised date", "3 h late", "Acknowledge the warning of order"):
        assert expected in page, expected
    answer = portal.client(Role.OPERATOR).post("/warnings", data={"csrf": CSRF, "warning_id": "5"})
    assert answer.headers["location"] == "/warnings?notice=warning_acknowledged"
    assert portal.api.acknowledged == [(5, "a-operator")]
    assert portal.records.recorded == [("a-operator", "acknowledge_warning", "done")]
    assert 'action="/warnings"' not in portal.client(Role.VIEWER).get("/warnings").text


def test_an_acknowledged_warning_says_who_has_seen_it(portal: FakePortal) -> None:
    warned(portal, kind="state:dispatch", acknowledged_by="ana", acknowledged_at=AT)
    page = portal.client(Role.OPERATOR).get("/warnings?view=all&after=x").text
    assert "Slow in its state" in page
    assert "ana" in page
    assert 'action="/warnings"' not in page


def test_no_warning_is_said(portal: FakePortal) -> None:
    assert "No warnings" in portal.client(Role.VIEWER).get("/warnings").text


def differing(portal: FakePortal, **changed: Any) -> None:
    document = {"document_type": 33, "folio": 12, "amount": "11900"}
    row = {
        "difference_id": 3,
        "day": date(2026, 1, 2),
        "kind": "amount",
        "key": f"{ORDER_ID}:dte",
        "order_id": ORDER_ID,
        "number": "O-7",
        "ours": document,
        "theirs": document | {"amount": "11901"},
        "status": "open",
        "found_at": AT,
        "closed_at": None,
        "closed_by": None,
        "note": None,
    }
    portal.read.rows["from dte_differences d left join"] = [row | changed]
    folios = [
        {"document_type": 33, "left": 80, "per_day": 10.0, "expires_on": "2026-06-30", "lasts_days": 8},
        {"document_type": 39, "left": 900, "per_day": 0.0, "expires_on": None, "lasts_days": None},
    ]
    portal.read.rows["from dte_reconciliations r"] = [
        {"day": date(2026, 1, 2), "ran_at": AT, "ours": 20, "theirs": 20, "differences": 1, "open": 1, "folios": folios}
    ]


def test_a_difference_shows_both_sides_and_is_resolved_with_what_was_done(portal: FakePortal) -> None:
    differing(portal)
    page = portal.client(Role.OPERATOR).get("/dte").text
    for expected in ("11900", "11901", "another amount", "2026-06-30", "8 days", "never"):
        assert expected in page, expected
    form = {"csrf": CSRF, "difference_id": "3", "note": "credit note"}
    assert portal.client(Role.OPERATOR).post("/dte/resolve", data=form).status_code == 303
    assert portal.api.resolved == [(3, "a-operator", "credit note")]
    assert 'action="/dte/resolve"' not in portal.client(Role.VIEWER).get("/dte").text


def test_a_settled_difference_says_by_whom_and_how(portal: FakePortal) -> None:
    differing(portal, status="resolved", closed_by="ana", closed_at=AT, note="as agreed", theirs=None)
    page = portal.client(Role.OPERATOR).get("/dte?day=2026-01-02").text
    assert "as agreed" in page
    assert 'action="/dte/resolve"' not in page


def test_a_day_is_reconciled_yesterday_if_none_is_given(portal: FakePortal) -> None:
    client = portal.client(Role.OPERATOR)
    for day, where in (("2026-01-02", "/dte?day=2026-01-02&notice=reconciled"), ("", "/dte?notice=reconciled")):
        assert client.post("/dte", data={"csrf": CSRF, "day": day}).headers["location"] == where
    assert portal.api.reconciled == ["2026-01-02", None]


def test_a_day_that_is_none_is_said(portal: FakePortal) -> None:
    answer = portal.client(Role.VIEWER).get("/dte?day=2026-02-30")
    assert answer.status_code == 400
    assert "That date does not exist" in answer.text


def test_a_note_is_written_in_the_persons_name(portal: FakePortal) -> None:
    portal.read.rows["left join credit_notes"] = [
        {"order_id": ORDER_ID, "number": "O/7", "plan": {"nodes": []}, "outcome": None, "archived_at": None}
    ]
    form = {"csrf": CSRF, "text": "the buyer called"}
    assert portal.client(Role.VIEWER).post(f"/orders/{ORDER_ID}/notes", data=form).status_code == 403
    assert portal.client(Role.OPERATOR).post(f"/orders/{ORDER_ID}/notes", data=form).status_code == 303
    expected = {"person": "a-operator", "text": "the buyer called", "order_id": str(ORDER_ID)}
    assert portal.api.notes == [("O/7", expected)]
    assert portal.records.recorded == [("a-operator", "write_note", "done")]


@pytest.mark.parametrize(
    ("path", "form"),
    [("/warnings", {"warning_id": "5"}), ("/dte/resolve", {"difference_id": "3", "note": "x"}), ("/dte", {"day": ""})],
)
def test_who_comes_too_late_is_told_and_the_audit_says_so(portal: FakePortal, path: str, form: dict[str, str]) -> None:
    refusal: MtdError = NotFound("gone <b>", code="warning_unknown")
    portal.api.refusal = refusal
    answer = portal.client(Role.OPERATOR).post(path, data={"csrf": CSRF, **form})
    assert answer.status_code == 404
    assert [outcome for _, _, outcome in portal.records.recorded] == ["warning_unknown"]


def test_the_control_room_tells_what_fails_at_a_legacy_system_and_which_alarms_are_off(portal: FakePortal) -> None:
    portal.read.rows["coalesce(c.drain_rate"] = [
        {
            "system": "eom",
            "state": "open",
            "by_hand": False,
            "since": AT,
            "changed_by": "allocate_order",
            "reason": "timed out",
            "failing": 5,
            "next_probe_at": AT,
            "drain_rate": 10.0,
            "parked": 7,
            "oldest": AT,
        }
    ]
    portal.read.rows["unnest(%(systems)s"] = [
        {"system": "eom", "code": "http_503", "message": "<b>busy</b>", "opened_at": AT}
    ]
    portal.cloud.tries = [{"system": "eom", "tried": 8, "failed": 2}]
    portal.cloud.in_alarm = [{"name": "circuit-open", "meaning": "A legacy system does not answer.", "since": AT}]
    page = portal.client(Role.VIEWER).get("/").text
    for expected in ("does not answer", "25.0 %", "2 of 8 orders", "http_503", "&lt;b&gt;busy", "circuit-open"):
        assert expected in page, expected


def test_groups_are_a_persons_and_their_tasks_a_view_of_theirs(portal: FakePortal) -> None:
    client = portal.client(Role.ADMINISTRATOR)
    form = {"csrf": CSRF, "user_id": "1", "groups": " Sales,packing ,, Sales, the  night shift"}
    assert client.post("/people/groups", data=form).headers["location"] == "/people?notice=groups_changed"
    assert portal.accounts.groups == ["Sales", "packing", "the night shift"]
    assert "You are in no group" in client.get("/tasks?view=groups").text
