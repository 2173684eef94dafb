"""The page of connected systems: what it asks the API for, and on whose behalf."""

from tests.unit.portal.services import CSRF, FakePortal

from portal.access.accounts import Role

ROW = {
    "system": "fraud",
    "declaration": {"url": "https://fraud.example/api"},
    "circuit": "closed",
    "by_hand": False,
    "reason": None,
    "parked": 0,
    "calls": 0,
    "unanswered": 0,
    "refused": 0,
    "mean_ms": None,
    "longest_ms": None,
}
TASK = {"system": "fraud", "process": "purchase-order", "version": 2, "task": "check_fraud", "name": "Check fraud"}


def test_the_page_lists_each_system_with_its_tasks(portal: FakePortal) -> None:
    portal.read.rows |= {"from systems s": [ROW], "like 'system:%": [TASK]}

    page = portal.client(Role.SUPERVISOR).get("/systems").text

    assert "https://fraud.example/api" in page
    assert "/processes/version?process=purchase-order&version=2" in page.replace("&amp;", "&")
    assert 'value="fraud/purchase-order@2/check_fraud"' in page
    # /system is another page.
    assert page.count('aria-current="page"') == 1
    assert "/systems/try" not in portal.client(Role.VIEWER).get("/systems").text


def test_a_supervisor_tries_a_system_for_an_order(portal: FakePortal) -> None:
    form = {"csrf": CSRF, "task": "fraud/purchase-order@2/check_fraud", "number": "N-1"}

    assert portal.client(Role.OPERATOR).post("/systems/try", data=form).status_code == 403
    page = portal.client(Role.SUPERVISOR).post("/systems/try", data=form)

    assert page.status_code == 200
    asked = {"process": "purchase-order", "version": 2, "task": "check_fraud", "number": "N-1"}
    assert portal.api.tries == [("fraud", asked)]
    assert "&#34;score&#34;: 7" in page.text or '"score": 7' in page.text
    assert portal.records.recorded == [("a-supervisor", "try_system", "done")]


def test_without_a_number_the_newest_order_is_taken(portal: FakePortal) -> None:
    form = {"csrf": CSRF, "task": "fraud/p@2/check", "number": ""}

    portal.client(Role.SUPERVISOR).post("/systems/try", data=form)

    assert portal.api.tries == [("fraud", {"process": "p", "version": 2, "task": "check"})]


def test_a_task_must_be_chosen(portal: FakePortal) -> None:
    for task in ("", "fraud", "fraud/p@x/check", "fraud/p@2/", "/p@2/check"):
        form = {"csrf": CSRF, "task": task}
        assert portal.client(Role.SUPERVISOR).post("/systems/try", data=form).status_code == 400
    assert portal.api.tries == []


def test_a_circuit_that_is_changed_on_the_page_leads_back_to_it(portal: FakePortal) -> None:
    form = {"csrf": CSRF, "system": "fraud", "action": "open", "reason": "r", "page": "systems"}

    answer = portal.client(Role.SUPERVISOR).post("/circuits", data=form)

    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/systems")
