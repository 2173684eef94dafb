"""Operations: tried before they are done, by who may, with what the engine says of them."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.portal.services import CSRF, FakePortal

from mtd.domain.errors import Conflict, InvalidRequest, UnavailableError
from portal.access.accounts import Role
from portal.pages.operations.order_actions import rollout

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
GROUP = {"csrf": CSRF, "group": "f1", "reason": "EOM is well"}


def operated(portal: FakePortal, **changed: Any) -> None:
    """The portal reads that operation."""
    row = {
        "operation_id": 5,
        "action": "retry",
        "person": "p",
        "reason": "why",
        "selection": {"fingerprint": "f1"},
        "arguments": {},
        "dry_run": True,
        "canary": None,
        "rate": None,
        "stop_at": None,
        "status": "finished",
        "why": None,
        "created_at": AT,
        "ended_at": AT,
    }
    portal.read.rows["from operations where"] = [row | changed]
    portal.read.rows["as came_back"] = [
        {"total": 2, "pending": 0, "done": 1, "refused": 1, "came_back": 0, "unsettled": 0}
    ]
    portal.read.rows["from operation_items\nwhere"] = [
        {
            "position": 1,
            "order_id": uuid.UUID(int=1),
            "number": "O-1",
            "status": "done",
            "code": None,
            "message": "would be retried: allocation",
            "places": "allocation",
            "ended_at": AT,
        },
        {
            "position": 2,
            "order_id": uuid.UUID(int=2),
            "number": "O-2",
            "status": "refused",
            "code": "order_ended",
            "message": "the order has ended as completed",
            "places": None,
            "ended_at": AT,
        },
    ]


def test_a_trial_is_a_dry_run_in_the_persons_name_and_audited(portal: FakePortal) -> None:
    answer = portal.client(Role.OPERATOR).post("/operations/try", data=GROUP | {"action": "retry"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/operations/71")
    assert portal.api.operated == [
        {"action": "retry", "person": "a-operator", "reason": "EOM is well", "fingerprint": "f1", "dry_run": True}
    ]
    assert portal.records.recorded == [("a-operator", "try_operation", "done")]


@pytest.mark.parametrize("action", ["move", "skip", "cancel"])
def test_what_goes_around_the_process_is_a_supervisors(portal: FakePortal, action: str) -> None:
    operated(portal, action=action)
    form = GROUP | {"action": action, "node": "dispatch", "operation_id": "5"}
    for path in ("/operations/try", "/operations/run", "/operations/stop"):
        assert portal.client(Role.OPERATOR).post(path, data=form).status_code == 403
    assert (portal.api.operated, portal.api.stopped) == ([], [])
    assert portal.client(Role.SUPERVISOR).post("/operations/try", data=form).status_code == 303


def test_what_was_tried_is_what_is_done(portal: FakePortal) -> None:
    operated(portal, action="move", selection={"order_ids": ["x"]}, arguments={"node": "dispatch"})
    form = {"csrf": CSRF, "operation_id": "5", "canary": "2", "rate": "0,5", "stop_at": "20"}
    portal.client(Role.SUPERVISOR, locale="es").post("/operations/run", data=form)
    assert portal.api.operated == [
        {
            "action": "move",
            "person": "a-supervisor",
            "reason": "why",
            "tried": 5,
            "node": "dispatch",
            "canary": 2,
            "rate": 0.5,
            "stop_at": 0.2,
        }
    ]


def test_what_is_no_trial_is_not_done_again(portal: FakePortal) -> None:
    operated(portal, dry_run=False)
    answer = portal.client(Role.OPERATOR).post("/operations/run", data={"csrf": CSRF, "operation_id": "5"})
    assert answer.status_code == 400
    assert portal.api.operated == []


@pytest.mark.parametrize(
    ("refusal", "status", "expected"),
    [
        (InvalidRequest("give a reason", code="reason_missing"), 400, "Give a reason"),
        (Conflict("a code of its own <b>", code="unheard_of"), 400, "a code of its own &lt;b&gt;"),
        (UnavailableError("away", code="api_unavailable"), 503, "A system does not answer"),
    ],
)
def test_a_refusal_is_said_where_it_was_typed_and_audited(
    portal: FakePortal, refusal: Any, status: int, expected: str
) -> None:
    portal.api.refusal = refusal
    answer = portal.client(Role.OPERATOR).post("/operations/try", data=GROUP | {"action": "retry"})
    assert answer.status_code == status
    assert expected in answer.text
    assert portal.records.recorded == [("a-operator", "try_operation", refusal.code)]


def test_a_trial_offers_to_do_it_to_who_may_and_says_why_not(portal: FakePortal) -> None:
    operated(portal)
    page = portal.client(Role.OPERATOR).get("/operations/5").text
    assert "would be retried: Allocation" in page
    assert "The order has ended." in page
    assert "/operations/run" in page
    assert "/operations/run" not in portal.client(Role.VIEWER).get("/operations/5").text
    assert "hx-trigger" not in page


def test_a_running_operation_asks_for_itself_and_can_be_stopped(portal: FakePortal) -> None:
    operated(portal, status="running", dry_run=False)
    part = portal.client(Role.OPERATOR).get("/operations/5/progress").text
    assert 'hx-trigger="every 1s"' in part
    assert "<html" not in part
    portal.client(Role.OPERATOR).post("/operations/stop", data={"csrf": CSRF, "operation_id": "5"})
    assert portal.api.stopped == [(5, "a-operator")]


@pytest.mark.parametrize("query", ["", "order=x", "order=x&group=y", "group="])
def test_an_operation_on_no_order_is_refused(portal: FakePortal, query: str) -> None:
    assert portal.client(Role.OPERATOR).get(f"/operations/new?action=retry&{query}").status_code == 400


def test_an_empty_list_is_said(portal: FakePortal) -> None:
    form = {"csrf": CSRF, "query": "q=nothing", "action": "suspend", "reason": "r"}
    answer = portal.client(Role.OPERATOR).post("/operations/try", data=form)
    assert answer.status_code == 400
    assert "No order fits any more" in answer.text
    assert portal.api.operated == []


@pytest.mark.parametrize("form", [{"canary": "many"}, {"rate": "x"}, {"canary": "inf"}, {"canary": "nan"}])
def test_a_rollout_that_is_no_number_is_refused(form: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        rollout(form, "es")


def test_a_version_is_activated_by_a_supervisor_and_audited(portal: FakePortal) -> None:
    form = {"csrf": CSRF, "process": "purchase order", "version": "2", "action": "activate"}
    assert portal.client(Role.OPERATOR).post("/processes", data=form).status_code == 403
    assert portal.client(Role.SUPERVISOR).post("/processes", data=form).status_code == 303
    assert portal.client(Role.SUPERVISOR).post("/processes", data=form | {"action": "import"}).status_code == 400
    assert portal.api.processes == [("purchase order", 2, "activate")]
    assert portal.records.recorded == [("a-supervisor", "activate_process", "done")]


def test_a_circuit_is_held_with_a_reason_and_audited(portal: FakePortal) -> None:
    form = {"csrf": CSRF, "system": "eom", "action": "open", "reason": "maintenance"}
    assert portal.client(Role.SUPERVISOR).post("/circuits", data=form).status_code == 303
    assert portal.api.circuits == [("eom", {"action": "open", "person": "a-supervisor", "reason": "maintenance"})]
    assert portal.client(Role.SUPERVISOR).post("/circuits", data=form | {"action": "set"}).status_code == 400
    assert portal.records.recorded == [("a-supervisor", "open_circuit", "done")]
