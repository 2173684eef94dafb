"""Work beside the flow, in a browser: notes, documents, warnings, differences, tasks of groups."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.access.accounts import Role
from tests.browser.axe import violations
from tests.integration.portal.test_tasks import task_of
from tests.integration.system import System
from tests.support.dte_files import dte
from tests.support.orders import OrderFile

pytestmark = pytest.mark.slow

type Enter = Callable[..., Page]
WAIT = 60_000
_WARN = (
    "insert into warnings (order_id, kind, state, due_at, predicted_at) "
    "select order_id, 'promise', 'approve', now(), now() + interval '3 hours' from orders where number = %s"
)


def test_a_note_is_kept_in_the_timeline_and_the_document_is_a_pdf(
    enter: Enter, address: str, axe: str, system: System, number: str
) -> None:
    system.put(OrderFile(number=number, buyer_name=f"Ana {number}").xml(), f"{number}.xml")
    system.ended(number, "completed")
    page = enter(Role.OPERATOR)
    page.goto(f"{address}/orders/{number}")
    page.get_by_label("New note").fill("The buyer called <b>twice</b>")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_role("status")).to_have_text("Note kept.", timeout=WAIT)
    expect(page.locator("#notes")).to_contain_text("The buyer called <b>twice</b>")
    expect(page.locator(".way li.note")).to_contain_text("<b>twice</b>")
    assert violations(page, axe) == []
    [note] = [event for event in system.order(number)["events"] if event["source"] == "Note"]
    assert note["what"].endswith(": The buyer called <b>twice</b>")
    assert system.call("POST", f"/orders/{number}/notes", {"person": "ana"})[0] == 400
    assert system.call("POST", "/orders/nobody-has-this/notes", {"person": "ana", "text": "x"})[0] == 404
    href = page.get_by_role("link", name="PDF").get_attribute("href")
    answer = page.request.get(f"{address}{href}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")


def test_an_order_that_will_be_late_is_acknowledged_and_the_groups_task_found(
    enter: Enter, address: str, axe: str, system: System, number: str
) -> None:
    task_of(system, number)
    system.sql(_WARN, number)
    page = enter(Role.ADMINISTRATOR)
    name = page.locator(".who").inner_text().split("\n")[0]
    page.get_by_role("link", name="see warnings").click()
    assert violations(page, axe) == []
    expect(page.get_by_role("row", name=number)).to_contain_text("3 h late")
    page.get_by_role("button", name=f"Acknowledge the warning of order {number}").click()
    expect(page.get_by_role("status")).to_have_text("Acknowledged.", timeout=WAIT)
    expect(page.get_by_role("row", name=number)).to_have_count(0)
    [row] = system.sql("select acknowledged_by from warnings w join orders using (order_id) where number = %s", number)
    assert row["acknowledged_by"] == name

    page.goto(f"{address}/tasks?view=groups")
    expect(page.locator("main")).to_contain_text("You are in no group")
    page.goto(f"{address}/people")
    page.get_by_label(f"Groups of {name}", exact=True).fill("Sales, packing")
    page.get_by_role("button", name=f"Save the groups of {name}").click()
    expect(page.get_by_role("status")).to_have_text("Groups changed.")
    page.goto(f"{address}/tasks?view=groups")
    expect(page.locator("tbody")).to_contain_text(number)


def test_a_document_that_paperless_alone_has_is_resolved_with_what_was_done(
    enter: Enter, address: str, axe: str, system: System, number: str
) -> None:
    key = f"{number}-past-mtd"
    system.post_legacy("/paperless/dte", dte(number), key)
    [issued] = system.done("paperless", "issue", number)
    page = enter(Role.OPERATOR)
    page.goto(f"{address}/dte")
    page.get_by_role("button", name="Reconcile").click()
    expect(page.get_by_role("status")).to_have_text("Day reconciled.", timeout=WAIT)
    page.get_by_label("Day", exact=True).fill(issued["result"]["FechaEmision"])
    page.get_by_role("button", name="Reconcile").click()
    expect(page.get_by_role("status")).to_have_text("Day reconciled.", timeout=WAIT)
    expect(page.get_by_role("row", name=key)).to_contain_text("missing here")
    assert violations(page, axe) == []
    page.get_by_label(f"What was done about {key}").fill("voided at Paperless")
    page.get_by_role("button", name=f"Resolve the difference of {key}").click()
    expect(page.get_by_role("status")).to_have_text("Difference resolved.", timeout=WAIT)
    page.goto(f"{address}/dte?day={issued['result']['FechaEmision']}")
    expect(page.get_by_role("row", name=key)).to_contain_text("voided at Paperless")
