"""People's tasks, by keyboard alone."""

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.access.accounts import Role
from tests.browser.axe import violations
from tests.integration.system import System, until
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.orders import OrderFile

pytestmark = pytest.mark.slow

type Enter = Callable[..., Page]
WAIT = 60_000

_PROCESS = """
    start: Order came
    service: Validation
    user: Approve | group=sales, form=approval
    end: Completed
    Order came > Validation > Approve > Completed
"""
_FORM = {
    "type": "object",
    "properties": {
        "discount": {"type": "integer", "title": "Discount in percent", "maximum": 20},
        "channel": {"type": "string", "enum": ["web", "shop"]},
        "approved": {"type": "boolean"},
    },
    "required": ["discount", "approved"],
    "additionalProperties": False,
}


def task_of(system: System, number: str, form: dict[str, Any] = _FORM) -> dict[str, Any]:
    """The open task, with that form, of a new order of a process of its own."""
    process = f"test-{uuid.uuid4().hex[:8]}"
    content = base64.b64encode(bpmn(draw(_PROCESS, "Test"))).decode()
    file = {"name": f"{process}.bpmn", "content": content}
    status, answer = system.call("POST", "/processes", {"files": [file], "forms": {"approval": form}})
    assert (status, answer["reports"][0]["verdict"]) == (200, "ready"), answer
    assert system.call("POST", f"/processes/{process}/versions/1/activate")[0] == 200
    model = f"{number}-model"
    system.put(OrderFile(number=model).xml(), f"{model}.xml")
    until(lambda: system.order(model), bool)
    [row] = system.sql("select document from orders where number = %s", model)
    order = row["document"] | {"number": number}
    assert system.call("POST", "/orders", {"orders": [{"order": order, "process": process}]})[0] == 200
    [task] = until(lambda: system.get(f"/tasks?number={number}")["tasks"], bool)
    return dict(task)


def test_a_task_is_claimed_and_completed_by_keyboard_and_the_order_goes_on(
    enter: Enter, address: str, axe: str, system: System, number: str
) -> None:
    task = task_of(system, number)
    page, viewer = enter(Role.OPERATOR, ("Sales",)), enter(Role.VIEWER, width=390, dark=True)
    viewer.goto(f"{address}/tasks?view=open&group=sales")
    expect(viewer.locator("tbody")).to_contain_text(number)
    expect(viewer.get_by_role("button", name="Claim")).to_have_count(0)
    assert viewer.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(viewer, axe) == []

    page.goto(f"{address}/tasks/{task['task_id']}")
    expect(page.get_by_role("button", name="Claim")).to_be_focused()
    assert violations(page, axe) == []
    page.keyboard.press("Enter")
    expect(page.get_by_label("Discount in percent")).to_be_focused(timeout=WAIT)
    assert violations(page, axe) == []
    page.keyboard.type("15")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("shop")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Task completed", timeout=WAIT)
    system.ended(number, "completed")
    [row] = system.sql("select result from tasks where task_id = %s", task["task_id"])
    assert row["result"] == {"discount": 15, "channel": "shop", "approved": True}


_ROWS = {
    "type": "object",
    "properties": {
        "buyer": {"type": "string", "readOnly": True, "x-value": "order.buyer.name"},
        "when": {"type": "string", "format": "date-time"},
        "approved": {"type": "boolean", "default": True},
        "reason": {"type": "string", "x-when": {"approved": False}},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}},
                "required": ["sku"],
            },
        },
    },
    "x-order": ["buyer", "when", "approved", "reason", "lines"],
    "required": ["buyer", "when", "approved", "lines"],
}


def test_a_form_takes_a_time_of_the_persons_zone_and_rows_and_asks_what_fits(
    enter: Enter, address: str, axe: str, system: System, number: str
) -> None:
    task = task_of(system, number, _ROWS)
    page = enter(Role.OPERATOR, ("sales",), zone="Europe/Madrid")
    page.goto(f"{address}/tasks/{task['task_id']}")
    assert violations(page, axe) == []
    expect(page.get_by_label("Buyer")).to_have_value("Ana Rojas")
    expect(page.get_by_label("Reason")).to_be_hidden()
    page.get_by_label("Approved").uncheck()
    page.get_by_label("Reason").fill("too dear")
    page.get_by_label("When").fill("2026-09-18T10:00")
    page.get_by_label("Sku").nth(0).fill("A-1")
    page.get_by_label("Count").nth(0).fill("1,200")
    page.get_by_label("Sku").nth(2).fill("B-2")

    page.get_by_role("button", name="Complete").click()

    expect(page.get_by_role("status")).to_contain_text("Task completed", timeout=WAIT)
    [row] = system.sql("select result from tasks where task_id = %s", task["task_id"])
    assert row["result"] == {
        "buyer": "Ana Rojas",
        "when": "2026-09-18T10:00:00+02:00",
        "approved": False,
        "reason": "too dear",
        "lines": [{"sku": "A-1", "count": 1200}, {"sku": "B-2"}],
    }


def test_a_person_of_another_group_gets_a_task_when_a_supervisor_assigns_it(
    enter: Enter, address: str, system: System, number: str
) -> None:
    task, at = task_of(system, number), f"{address}/tasks/"
    page, supervisor = enter(Role.OPERATOR, ("packing",)), enter(Role.SUPERVISOR)
    page.goto(at + str(task["task_id"]))
    expect(page.get_by_role("main")).to_contain_text("The task is of the group sales")
    expect(page.get_by_role("button", name="Claim")).to_have_count(0)
    page.get_by_label("Comment").last.fill("I know this customer")
    page.get_by_role("button", name="Keep the comment").click()

    supervisor.goto(at + str(task["task_id"]))
    expect(supervisor.get_by_role("main")).to_contain_text("I know this customer")
    [told] = system.sql(
        "select detail ->> 'by' as by from events join orders using (order_id) "
        "where number = %s and what = 'task commented'",
        number,
    )
    supervisor.get_by_label("Assign to").fill(told["by"])
    supervisor.get_by_role("button", name="Assign", exact=True).click()
    expect(supervisor.get_by_role("status")).to_contain_text("Task assigned", timeout=WAIT)

    page.goto(at + str(task["task_id"]))
    page.get_by_label("Discount in percent").fill("5")
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("status")).to_contain_text("Task completed", timeout=WAIT)
    system.ended(number, "completed")


def test_of_two_people_one_has_the_task_and_the_other_learns_it(
    enter: Enter, address: str, system: System, number: str
) -> None:
    task = task_of(system, number)
    first, second = enter(Role.OPERATOR, ("sales",)), enter(Role.OPERATOR, ("sales",))
    for page in (first, second):
        page.goto(f"{address}/tasks/{task['task_id']}")
    first.get_by_role("button", name="Claim").click()
    expect(first.get_by_role("status")).to_have_text("The task is yours.", timeout=WAIT)
    second.get_by_role("button", name="Claim").click()
    expect(second.get_by_role("alert").first).to_contain_text("Somebody else has worked on the task", timeout=WAIT)
    expect(second.get_by_role("button", name="Complete")).to_have_count(0)


def test_a_version_shows_where_its_orders_stand_and_is_retired(
    enter: Enter, address: str, axe: str, system: System, number: str
) -> None:
    process = task_of(system, number)["process"]
    page = enter(Role.SUPERVISOR)
    page.goto(f"{address}/processes")
    assert violations(page, axe) == []
    page.get_by_role("link", name=f"{process} v1").click()
    # It is drawn without shapes: the table tells what the diagram cannot.
    expect(page.get_by_role("row", name="Approve 1")).to_be_visible(timeout=WAIT)
    assert violations(page, axe) == []
    page.goto(f"{address}/processes")
    page.get_by_role("button", name=f"Retire {process} v1").click()
    expect(page.locator("main")).to_contain_text("no active version")
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_role("status")).to_contain_text("Retired", timeout=WAIT)
    [row] = system.sql("select retired_at is not null as retired from process_versions where process = %s", process)
    assert row["retired"]
