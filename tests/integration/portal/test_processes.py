"""A process from its diagram to the orders that migrate to its next version, in a browser."""

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mtd.domain.orders import ubl
from mtd.domain.orders.order import to_json
from portal.access.accounts import Role
from tests.browser.axe import violations
from tests.integration.system import System, until
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.orders import OrderFile
from tests.support.xpdl_files import bpm

pytestmark = pytest.mark.slow

type Enter = Callable[..., Page]
WAIT = 60_000
_FIRST = """
    start: Order came
    service: Validation
    user: Approve
    end: Completed
    Order came > Validation > Approve > Completed
"""
_CALLER = _FIRST.replace("user: Approve", "call: Ask sales | calls=Called").replace("Approve", "Ask sales")
_CALLED = """
    start: Asked
    user: Approve
    end: Answered
    Asked > Approve > Answered
"""
_WARNINGS = """async () => {
  const text = await (await fetch(document.getElementById('diagram').dataset.src)).text()
  const viewer = new BpmnJS({ container: document.createElement('div') })
  return (await viewer.importXML(text)).warnings.map(String)
}"""


def _file(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def _import(page: Page, address: str, *files: Any, button: str = "Import") -> None:
    page.goto(f"{address}/processes/import")
    page.set_input_files("input[type=file]", list(files))
    page.get_by_role("button", name=button).click()


def test_a_diagram_is_imported_walked_through_and_its_orders_go_to_the_next_version_and_back(
    enter: Enter, address: str, axe: str, system: System, number: str
) -> None:
    process = f"test-{uuid.uuid4().hex[:8]}"
    page = enter(Role.SUPERVISOR)
    _import(page, address, _file(f"{process}.bpmn", bpmn(draw(_FIRST, "Test"))))
    expect(page.locator("main")).to_contain_text("group test does 'Approve'", timeout=WAIT)
    page.context.add_cookies([{"name": "locale", "value": "es", "url": address}])
    _import(page, address, _file(f"{process}.bpmn", bpmn(draw(_FIRST, "Test"))), button="Importar")
    expect(page.locator("main")).to_contain_text("el grupo test hace: 'Approve'", timeout=WAIT)
    expect(page.locator("main")).not_to_contain_text("group test does")
    page.context.add_cookies([{"name": "locale", "value": "en", "url": address}])
    sheet = b"tasks: {Approve: {group: sales}}"
    _import(page, address, _file(f"{process}.bpmn", bpmn(draw(_FIRST, "Test"))), _file("a.yaml", sheet))
    expect(page.locator("main")).to_contain_text("group sales", timeout=WAIT)
    assert violations(page, axe) == []
    page.get_by_role("button", name=f"Activate {process} v2").click()
    expect(page.get_by_role("status")).to_contain_text("Activated", timeout=WAIT)

    order = to_json(ubl.parse_order(OrderFile(number=number).xml().encode()))
    assert system.call("POST", "/orders", {"orders": [{"order": order, "process": process}]})[0] == 200
    until(lambda: system.get(f"/tasks?number={number}")["tasks"], bool)
    page.goto(f"{address}/processes/version?process={process}&version=2")
    expect(page.get_by_role("row", name="Approve 1")).to_be_visible(timeout=WAIT)
    page.get_by_label("Sample order").fill(number)
    page.get_by_role("button", name="Simulate").click()
    expect(page.locator(".walk li")).to_have_count(3, timeout=WAIT)
    expect(page.locator(".chip.big")).to_have_text("Completed")
    assert violations(page, axe) == []

    second = bpmn(draw(_FIRST.replace("Approve", "Review"), "Test"))
    _import(page, address, _file(f"{process}.bpmn", second), _file("a.yaml", sheet.replace(b"Approve", b"Review")))
    page.get_by_role("link", name="See the diagram").click(timeout=WAIT)
    page.goto(f"{address}/processes/migrate?process={process}&from=2")
    page.get_by_role("button", name="Compare").click()
    page.select_option("select[name='map.approve']", "review")
    assert violations(page, axe) == []
    page.fill("input[name=reason]", "it is called otherwise")
    page.keyboard.press("Enter")
    expect(page.locator("tbody")).to_contain_text("would be migrated: review", timeout=WAIT)
    page.get_by_role("button", name="Migrate now").click()
    expect(page.locator("tbody")).to_contain_text("migrated: review", timeout=WAIT)
    expect(page.locator("#progress .chip[role=status]")).to_have_text("finished", timeout=WAIT)
    page.get_by_label("Reason").fill("too soon")
    page.get_by_role("button", name="Take the orders back").click()
    expect(page.locator("tbody")).to_contain_text("migrated: Approve", timeout=WAIT)
    [task] = system.get(f"/tasks?number={number}")["tasks"]
    assert (task["name"], task["process_version"]) == ("Approve", 2)


def test_a_file_that_is_no_diagram_is_refused_on_the_page(enter: Enter, address: str, axe: str) -> None:
    page = enter(Role.SUPERVISOR, width=390, dark=True)
    _import(page, address, _file("broken.bpmn", b"<not xml"))
    expect(page.locator("main")).to_contain_text("refused", timeout=WAIT)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    _import(page, address, _file("readme.txt", b"hello"))
    expect(page.get_by_role("alert").first).to_contain_text("Choose a diagram")


def test_a_file_of_bizagi_modeler_is_drawn_and_an_order_is_seen_in_it(
    enter: Enter, address: str, system: System, number: str
) -> None:
    """The order stands in a process that the drawn one calls: its call is marked, what is in another diagram is not."""
    process = f"test-{uuid.uuid4().hex[:8]}"
    page = enter(Role.SUPERVISOR)
    content = bpm([draw(_CALLER, "Caller"), draw(_CALLED, "Called")])
    sheet = b"tasks: {Approve: {group: sales}}"
    _import(page, address, _file(f"{process}.bpm", content), _file("a.yaml", sheet))
    page.get_by_role("link", name="See the diagram").first.click(timeout=WAIT)
    for element in ("Order_20_came", "Validation", "Ask_20_sales", "Completed"):
        expect(page.locator(f"#diagram .djs-shape[data-element-id='{element}']")).to_be_visible(timeout=WAIT)
    expect(page.locator("#diagram .djs-connection")).to_have_count(3)
    assert page.evaluate(_WARNINGS) == []

    order = to_json(ubl.parse_order(OrderFile(number=number).xml().encode()))
    created = system.call("POST", "/orders", {"orders": [{"order": order, "process": process, "version": 1}]})
    assert created[0] == 200
    until(lambda: system.get(f"/tasks?number={number}")["tasks"], bool)
    page.reload()
    expect(page.locator("#diagram .here[data-element-id='Ask_20_sales']")).to_be_visible(timeout=WAIT)
    expect(page.locator("#diagram .djs-overlays[data-container-id='Ask_20_sales'] .badge")).to_have_text("1")
    page.goto(f"{address}/orders/{number}")
    expect(page.locator("#diagram .here[data-element-id='Ask_20_sales']")).to_be_visible(timeout=WAIT)
    expect(page.locator("#diagram .passed[data-element-id='Validation']")).to_be_visible()


def test_tasks_are_bound_beside_the_picture_and_saved_as_a_version(
    enter: Enter, address: str, axe: str, system: System
) -> None:
    process = f"bind-{uuid.uuid4().hex[:8]}"
    drawing = "start: S\ntask: Approve\ntask: Book\nend: E\nS > Approve > Book > E"
    file = {"name": f"{process}.bpmn", "content": base64.b64encode(bpmn(draw(drawing, "Test"))).decode()}
    assert system.call("POST", "/processes", {"files": [file]})[0] == 200
    page = enter(Role.SUPERVISOR)
    page.goto(f"{address}/processes/version?process={process}&version=1")
    page.get_by_role("link", name="Bind").click()
    assert violations(page, axe) == []

    page.locator(".diagram [data-element-id='Book']").click()
    book = page.locator("#bind-Book")
    expect(book).to_have_attribute("open", "")
    book.get_by_label("Done by").select_option(label="A system")
    book.get_by_label("System", exact=True).fill("api:/states/nobody")
    book.get_by_label("System", exact=True).press("Tab")
    expect(page.locator("#verdict")).to_contain_text("unbound", timeout=WAIT)
    book.get_by_label("System", exact=True).fill("api:/states/allocation")
    book.get_by_label("System", exact=True).press("Tab")
    expect(page.locator("#verdict")).to_contain_text("ready", timeout=WAIT)
    assert violations(page, axe) == []
    page.get_by_role("button", name="Save as a new version").click()

    expect(page.get_by_role("status")).to_contain_text("Saved as a new version", timeout=WAIT)
    listed = system.get(f"/processes?process={process}")["versions"]
    assert [row["version"] for row in listed] == [2, 1]
    assert {each["task"]: each["by"] for each in listed[0]["bindings"]}["Book"] == "api:/states/allocation"
