"""The bindings of a version, as a page shows them and as they are sent."""

from typing import Any

import pytest
from tests.unit.portal.samples import BOUND, REPORT
from tests.unit.portal.services import CSRF, FakePortal

from portal.access.accounts import Role
from portal.pages.processes.process_bindings import gateway_bindings, task_bindings

PLACE = "/processes/bind?process=p&version=1"


def test_tasks_and_open_gateways_of_the_picture_can_be_bound() -> None:
    """A decision that the import has put in is its gateway's, and no task of the picture."""
    tasks = {task.element: (task.does, task.group or task.server or task.rules) for task in task_bindings(BOUND)}
    [gateway] = gateway_bindings(BOUND, {"rule.f1": "data.a"})

    assert tasks == {
        "A": ("person", "sales"),
        "R": ("system", "api:/states/allocation"),
        "M": ("rule", "checked = …"),
    }
    assert (gateway.element, gateway.is_open) == ("G", True)
    assert [(flow.flow, flow.target, flow.rule) for flow in gateway.flows] == [
        ("f1", "Reserve", "data.a"),
        ("f2", "Mark", ""),
    ]


@pytest.fixture
def bound(portal: FakePortal) -> FakePortal:
    portal.read.rows["select process_version_id, process, version, plan"] = [
        {"process_version_id": 3, "process": "p", "version": 1, "plan": BOUND}
    ]
    portal.api.reports = [REPORT]
    return portal


def send(portal: FakePortal, **form: str) -> Any:
    return portal.client(Role.SUPERVISOR).post(PLACE, data={"csrf": CSRF, **form})


def test_only_what_is_changed_is_sent(bound: FakePortal) -> None:
    form = {
        "does.A": "system",
        "server.A": " api:/states/dispatch ",
        "does.R": "system",
        "server.R": "api:/states/allocation",
        "does.M": "rule",
        "rules.M": "checked = order.payable > 10\nlate = false",
        "rule.f1": " data.a ",
        "rule.f2": "",
    }

    answer = send(bound, **form, action="try")

    assert answer.status_code == 200
    [(process, version, body)] = bound.api.rebound
    assert (process, version) == ("p", 1)
    assert body == {
        "tasks": {
            "A": {"server": "api:/states/dispatch"},
            "M": {"set": {"checked": "order.payable > 10", "late": "false"}},
        },
        "flows": {"f1": "data.a"},
        "keep": False,
    }


def test_what_is_saved_leads_to_the_new_version(bound: FakePortal) -> None:
    answer = send(bound, **{"group.A": "bosses"}, action="save")

    assert answer.headers["location"] == "/processes/version?process=p&version=2&notice=process_bound"
    assert bound.api.rebound[0][2]["tasks"] == {"A": {"group": "bosses", "form": "", "due": "PT1H"}}


def test_a_line_that_sets_nothing_is_told(bound: FakePortal) -> None:
    answer = send(bound, **{"does.A": "rule", "rules.A": "nothing"}, action="save")

    assert answer.status_code == 400
    assert "name = rule" in answer.text
    assert bound.api.rebound == []
