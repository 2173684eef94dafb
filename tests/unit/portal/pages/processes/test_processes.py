"""Processes: imported, walked through and migrated from the page; times as colours with figures."""

import base64
import tempfile
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.portal.pages.operations.test_operations import operated
from tests.unit.portal.services import CSRF, FakePortal

from mtd.domain.errors import InvalidRequest
from portal.access.accounts import Role
from portal.access.uploads import LARGEST_BYTES, Upload
from portal.pages.processes import heat
from portal.pages.processes.diagram_files import import_request

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PLAN = {
    "nodes": [
        {"id": "validation", "name": "Validation", "kind": "service", "element": "V"},
        {"id": "approve", "name": "Approve <b>", "kind": "person", "element": "A"},
        {"id": "look", "name": "Look", "kind": "person", "element": "L", "scope": "approve"},
        {"id": "end", "name": "End", "kind": "end", "element": "E"},
    ]
}
REPORT = {
    "process": "p",
    "name": "P",
    "file": "p.bpmn",
    "nodes": 3,
    "flows": 2,
    "fixes": ["a label <i>"],
    "unbound": [],
    "walkthrough": ["a person does it"],
    "lint": ["no default"],
    "bindings": [{"task": "Approve", "by": "group sales"}],
    "verdict": "ready",
    "reason": None,
    "version": 2,
}


def standing(portal: FakePortal) -> None:
    """A version with two orders at a step, where orders have stood for a while."""
    portal.read.rows["select process_version_id, process, version, plan"] = [
        {"process_version_id": 4, "process": "p", "version": 1, "plan": PLAN}
    ]
    portal.read.rows["from orders o join places p"] = [{"node": "approve", "orders": 2}]
    portal.read.rows["grain = 'hour' and measure = 'in_state' and process"] = [
        {"node": "validation", "orders": 9, "p50": 0.02, "p95": 0.1},
        {"node": "approve", "orders": 9, "p50": 7200.0, "p95": 9000.0},
    ]


def test_a_version_shows_where_orders_stand_and_how_long(portal: FakePortal) -> None:
    standing(portal)
    client = portal.client(Role.VIEWER)
    now = client.get("/processes/version?process=p&version=1").text
    assert """data-counts='{"A": 2}'""" in now
    assert """data-inside='{"L": "A"}'""" in now
    assert "data-heat" not in now
    assert "Approve &lt;b&gt;" not in now.split("<main")[0]
    times = client.get("/processes/version?process=p&version=1&view=times").text
    assert """data-heat='{"A": {"label": "2 h", "level": 4}""" in times
    assert "heat-4" in times
    assert "≥ 1 h" in times
    part = client.get("/processes/version/places?process=p&version=1").text
    assert "<html" not in part
    assert """data-counts='{"A": 2}'""" in part


@pytest.mark.parametrize(("seconds", "level"), [(0, 0), (0.9, 0), (1, 1), (59, 2), (60, 3), (3600, 4), (9e9, 4)])
def test_a_level_begins_at_its_bound(seconds: float, level: int) -> None:
    assert heat.level(seconds) == level
    assert len(heat.legend("en")) == 5


def upload(
    portal: FakePortal, *files: tuple[str, bytes], role: Role = Role.SUPERVISOR, csrf: str = CSRF, locale: str = "en"
) -> Any:
    sent = [("files", (name, content, "application/octet-stream")) for name, content in files]
    return portal.client(role, locale=locale).post("/processes/import", data={"csrf": csrf}, files=sent)


def test_a_diagram_with_its_sheet_is_imported_and_its_report_shown(portal: FakePortal) -> None:
    portal.api.reports = [REPORT]
    answer = upload(portal, ("p.bpmn", b"<x/>"), ("p.bindings.yaml", b"tasks: {Approve: {group: sales}}"))
    assert answer.status_code == 200
    [body] = portal.api.imported
    assert body["files"] == [
        {
            "name": "p.bpmn",
            "content": base64.b64encode(b"<x/>").decode(),
            "sheet": {"tasks": {"Approve": {"group": "sales"}}},
        }
    ]
    for expected in ("p v2", "a label &lt;i&gt;", "no default", "group sales", "Activate p v2"):
        assert expected in answer.text, expected
    assert portal.records.recorded == [("a-supervisor", "import_process", "done")]


def test_who_may_not_import_sends_nothing(portal: FakePortal) -> None:
    assert upload(portal, ("p.bpmn", b"<x/>"), role=Role.OPERATOR).status_code == 403
    assert upload(portal, ("p.bpmn", b"<x/>"), csrf="another").status_code == 403
    assert portal.api.imported == []


def test_too_much_is_refused_before_it_is_read(portal: FakePortal) -> None:
    answer = upload(portal, ("p.bpmn", b"x" * (LARGEST_BYTES + 1)))
    assert answer.status_code == 400
    assert "more than 4 MB" in answer.text
    assert portal.api.imported == []


def test_a_large_file_needs_no_file_system(portal: FakePortal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The container on AWS has none that it may write to."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    content = b"x" * (3 * 1024 * 1024)
    assert upload(portal, ("p.bpmn", content)).status_code == 200
    assert base64.b64decode(portal.api.imported[0]["files"][0]["content"]) == content


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"csrf=x"),
        ("multipart/form-data; boundary=b", b"no part"),
        ("text/plain", b"x"),
        ("multipart/form-data", b"--"),
    ],
)
def test_what_is_no_form_with_files_is_refused(portal: FakePortal, kind: str, body: bytes) -> None:
    client = portal.client(Role.SUPERVISOR)
    answer = client.post("/processes/import", content=body, headers={"content-type": kind})
    assert answer.status_code in (400, 403)
    assert portal.api.imported == []


def test_files_go_to_no_page_that_asks_for_none(portal: FakePortal) -> None:
    sent = [("files", ("p.bpmn", b"<x/>", "text/xml"))]
    answer = portal.client(Role.SUPERVISOR).post("/circuits", data={"csrf": CSRF, "system": "eom"}, files=sent)
    assert answer.status_code == 400
    assert portal.api.circuits == []


def test_a_wrong_file_is_named_on_the_page(portal: FakePortal) -> None:
    answer = upload(portal, ("p.bpmn", b"<x/>"), ("p.bindings.yaml", b"a: [b"))
    assert answer.status_code == 400
    assert "The sheet p.bindings.yaml cannot be read" in answer.text
    spanish = upload(portal, ("p.bpmn", b"<x/>"), ("q.exe", b""), locale="es")
    assert "q.exe no es un diagrama, ni una hoja, ni un formulario." in spanish.text


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ([], "diagram_missing"),
        (["a.yaml"], "diagram_missing"),
        (["a.bpmn", "b.exe"], "file_unknown"),
        (["a.bpmn", "b.bpmn", "c.yaml"], "sheet_strange"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(names: list[str], code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        import_request([Upload(name=name, content=b"{}") for name in names])
    assert refused.value.code == code


@pytest.mark.parametrize("content", [b"\xff", b"a: &x 1\nb: *x", b"- " * 200_000, b"[" * 60_000, b"{a: " * 60])
def test_a_sheet_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"a\.yaml"):
        import_request([Upload(name="a.bpmn", content=b""), Upload(name="a.yaml", content=content)])


def test_forms_go_by_their_names_and_a_single_sheet_to_the_single_diagram() -> None:
    files = [
        Upload(name="a.bpm", content=b"x"),
        Upload(name="other.yml", content=b"process: y"),
        Upload(name="approval.json", content=b'{"type": "object"}'),
    ]
    asked = import_request(files)
    assert asked["files"][0]["sheet"] == {"process": "y"}
    assert asked["forms"] == {"approval": {"type": "object"}}
    with pytest.raises(InvalidRequest):
        import_request([files[0], Upload(name="approval.json", content=b"{")])


def test_a_sample_order_is_walked_through_and_nothing_is_written(portal: FakePortal) -> None:
    standing(portal)
    portal.api.simulation = {
        "order": "O-1",
        "outcome": None,
        "stands": ["approve"],
        "problem": {"code": "x", "message": "it <stands>"},
        "steps": [
            {"what": "begins", "node": "s", "visited": [{"node": "validation", "name": "Validation"}], "values": {}}
        ],
    }
    form = {"csrf": CSRF, "process": "p", "version": "1", "number": " O-1 ", "fails": "approve", "data": '{"a": 1}'}
    page = portal.client(Role.OPERATOR).post("/processes/simulate", data=form).text
    assert portal.api.simulated == [("p", 1, {"number": "O-1", "fails": ["approve"], "values": {"a": 1}})]
    for expected in ("it &lt;stands&gt;", """data-passed='["V"]'""", """data-places='["A"]'""", "stops at approve"):
        assert expected in page, expected
    assert 'class="notice"' not in page
    portal.api.simulation["problem"]["phrase"] = {"code": "not_ended", "values": {"steps": 500}}
    spanish = portal.client(Role.OPERATOR, locale="es").post("/processes/simulate", data=form).text
    assert "no ha terminado después de 500 pasos" in spanish
    assert portal.records.recorded == []
    bad = portal.client(Role.OPERATOR).post("/processes/simulate", data=form | {"data": "{"})
    assert bad.status_code == 400
    assert "The values are no JSON object." in bad.text


def test_a_migration_is_rehearsed_then_run_as_it_was_rehearsed(portal: FakePortal) -> None:
    form = {
        "csrf": CSRF,
        "process": "p",
        "from": "1",
        "to": "2",
        "map.approve": "review",
        "map.other": "",
        "reason": "r",
    }
    assert portal.client(Role.OPERATOR).post("/processes/migrate", data=form).status_code == 403
    answer = portal.client(Role.SUPERVISOR).post("/processes/migrate", data=form)
    assert answer.headers["location"] == "/operations/91"
    asked = {
        "person": "a-supervisor",
        "mode": "rehearse",
        "from": 1,
        "to": 2,
        "map": {"approve": "review"},
        "reason": "r",
    }
    assert portal.api.migrated == [("p", asked)]
    was = {"process": "p", "from": 1, "to": 2, "map": {"approve": "review"}, "from_id": 4, "to_id": 5}
    operated(portal, action="migrate", arguments=was, selection={"version": 4})
    page = portal.client(Role.SUPERVISOR).get("/operations/5").text
    assert "p v1 → v2" in page
    assert "Migrate now" in page
    client = portal.client(Role.SUPERVISOR)
    run = {"csrf": CSRF, "operation_id": "5", "canary": "3", "stop_at": "20"}
    assert portal.client(Role.OPERATOR).post("/operations/run", data=run).status_code == 403
    client.post("/operations/run", data=run)
    assert portal.api.migrated[1] == ("p", asked | {"mode": "run", "reason": "why", "canary": 3, "stop_at": 0.2})


def test_a_migration_that_ran_can_be_taken_back_but_not_its_reversal(portal: FakePortal) -> None:
    was = {"process": "p", "from": 1, "to": 2, "map": {}, "from_id": 4, "to_id": 5}
    client = portal.client(Role.SUPERVISOR)
    operated(portal, action="migrate", arguments=was, selection={}, dry_run=False)
    assert "/processes/reverse" in client.get("/operations/5").text
    assert "Migrate" in client.get("/operations").text
    client.post("/processes/reverse", data={"csrf": CSRF, "operation_id": "5", "reason": "too slow"})
    body = {"person": "a-supervisor", "mode": "reverse", "operation_id": 5, "reason": "too slow"}
    assert portal.api.migrated == [("p", body)]
    operated(portal, action="migrate", arguments=was | {"reverses": 5}, selection={}, dry_run=False)
    assert "/processes/reverse" not in client.get("/operations/5").text
    operated(portal, action="retry", dry_run=False)
    assert client.post("/processes/reverse", data={"csrf": CSRF, "operation_id": "5"}).status_code == 409


def test_a_migration_is_asked_for_on_its_page_only(portal: FakePortal) -> None:
    form = {"csrf": CSRF, "group": "f1", "reason": "r", "action": "migrate"}
    assert portal.client(Role.SUPERVISOR).post("/operations/try", data=form).status_code == 400
    assert portal.api.operated == []


def test_steps_that_the_target_lacks_are_mapped_to_its_own_of_the_same_kind(portal: FakePortal) -> None:
    standing(portal)
    row = {
        "process": "p",
        "name": "P",
        "active": True,
        "retired_at": None,
        "imported_at": AT,
        "orders_in_flight": 0,
        "report": {},
    }
    portal.read.rows["as orders_in_flight"] = [row | {"version": 1}, row | {"version": 2}]
    page = portal.client(Role.SUPERVISOR).get("/processes/migrate?process=p&from=1").text
    assert "v2 · active" in page
    assert "v1 · active" not in page
    same = portal.client(Role.SUPERVISOR).get("/processes/migrate?process=p&from=1&to=2").text
    assert "The target version has all steps of this one." in same
