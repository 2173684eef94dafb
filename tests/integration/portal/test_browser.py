"""The most frequent work of operators, in a browser; and axe on every page."""

import csv
import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mtd.domain.orders import order as orders
from mtd.domain.orders import ubl
from portal.access.accounts import Role
from tests.browser.axe import violations
from tests.integration.portal.tenant_world import PASSWORD
from tests.integration.system import System, until
from tests.support.orders import OrderFile

pytestmark = pytest.mark.slow

type Enter = Callable[..., Page]
TIMES = "/processes/version?process=purchase-order&version=1&view=times"
# What has a test of its own with data in it is looked at there.
PAGES = (
    "/",
    "/orders",
    "/exceptions",
    "/warnings",
    "/processes/import",
    TIMES,
    "/dte",
    "/statistics",
    "/mail",
    "/system",
    "/people",
    "/account",
)
WAIT = 60_000


@pytest.fixture
def delivered(system: System, number: str) -> str:
    system.put(OrderFile(number=number, buyer_name=f"Ana {number}").xml(), f"{number}.xml")
    system.ended(number, "completed")
    return number


def _make_wait(system: System, number: str) -> None:
    """An order whose content is not where its message says: ten receives, then it waits."""
    reference = {"bucket": system.bucket, "key": f"large/{number}.json"}
    message = {"source": "test", "number": number, "seller": "S", "reference": reference}
    queue = system.state["outputs"]["OrdersQueueUrl"]
    system.aws("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(message))
    until(lambda: [row["number"] for row in system.get("/waiting")["waiting"]], lambda rows: number in rows, 120)


def test_a_wrong_password_then_the_right_one(enter: Enter, address: str) -> None:
    page = enter(Role.VIEWER)
    name = page.locator(".who").inner_text().split("\n")[0]
    page.click("form[action='/logout'] button")
    expect(page).to_have_url(f"{address}/login")
    page.goto(f"{address}/orders?q=x")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Wrong user or password")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/orders?q=x")


def test_an_order_is_found_while_typing_and_opened_by_keyboard(enter: Enter, address: str, delivered: str) -> None:
    page = enter()
    page.goto(f"{address}/orders")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type(f"ana {delivered}".upper())
    expect(page.locator("#list tbody tr")).to_have_count(1, timeout=WAIT)
    expect(page.locator("#list tbody th")).to_have_text(delivered)
    page.locator("#list tbody th a").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(delivered)


def test_an_order_is_shown_with_its_way_its_diagram_and_its_mail(enter: Enter, address: str, delivered: str) -> None:
    page = enter()
    page.goto(f"{address}/orders/{delivered}")
    expect(page.locator(".way li.change").first).to_contain_text("Validation")
    expect(page.locator(".djs-element.ended")).to_have_count(1, timeout=WAIT)
    assert page.locator(".djs-element.passed").count() >= 5
    expect(page.locator(".bjs-powered-by")).to_be_visible()
    page.get_by_role("link", name="being processed").click()
    expect(page.locator(".letter h2")).to_have_text(f"Your order {delivered} is being processed")


def test_filters_combine_and_the_export_is_the_list(enter: Enter, address: str, delivered: str) -> None:
    page = enter()
    page.goto(f"{address}/orders?q={delivered}")
    page.select_option("select[name=state]", "completed")
    page.fill("input[name=min]", "23800")
    page.fill("input[name=max]", "23800")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("max=23800"), timeout=WAIT)
    expect(page.locator("#list tbody tr")).to_have_count(1, timeout=WAIT)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.reader(download.value.path().read_text("utf-8").splitlines()))
    assert [row[0] for row in rows] == ["Number", delivered]
    page.fill("input[name=max]", "23799")
    page.keyboard.press("Enter")
    expect(page.locator("#list .empty")).to_be_visible(timeout=WAIT)


def test_a_view_is_saved_used_and_deleted(enter: Enter, address: str, delivered: str) -> None:
    page = enter(Role.VIEWER)
    page.goto(f"{address}/orders?q={delivered}")
    page.fill("#list input[name=name]", "Mine")
    page.click("text=Save view")
    expect(page.get_by_role("status")).to_have_text("View saved.")
    page.goto(f"{address}/orders")
    page.click(".views a:text('Mine')")
    expect(page.locator("#list tbody th")).to_have_text(delivered)
    page.get_by_role("button", name="Delete the view Mine").click()
    expect(page.locator(".views li")).to_have_count(0)


def test_one_pushes_a_waiting_order_and_another_sees_it_go(
    enter: Enter, address: str, system: System, number: str
) -> None:
    _make_wait(system, number)
    first, second = enter(Role.OPERATOR), enter(Role.VIEWER)
    for page in (first, second):
        page.goto(f"{address}/exceptions")
        expect(page.locator(f"#waiting th:text-is('{number}')")).to_be_visible(timeout=WAIT)
    second.evaluate("window.notReloaded = true")
    expect(second.get_by_role("button", name="Push")).to_have_count(0)
    # Without its content it would be back among the waiting after ten more receives.
    document = orders.to_json(ubl.parse_order(OrderFile(number=number).xml().encode()))
    key = f"large/{number}.json"
    system.aws("s3").put_object(Bucket=system.bucket, Key=key, Body=json.dumps(document).encode())
    first.get_by_role("button", name=f"Push order {number}").click()
    expect(first.get_by_role("status").first).to_have_text("1 order pushed back.")
    expect(second.locator(f"#waiting th:text-is('{number}')")).to_have_count(0, timeout=WAIT)
    assert second.evaluate("window.notReloaded")


def test_the_control_room_moves_by_itself(enter: Enter, address: str, system: System, number: str) -> None:
    page = enter(Role.VIEWER)
    page.goto(address)
    page.evaluate("window.notReloaded = true")
    page.locator("#see-warnings").focus()
    completed = page.locator(".tally a[href^='/orders?state=completed&'] b")
    before = int(completed.inner_text().replace(",", "")) if completed.count() else 0
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")
    until(lambda: int(completed.inner_text().replace(",", "")) if completed.count() else 0, lambda now: now > before)
    assert page.evaluate("window.notReloaded")
    expect(page.locator("#see-warnings")).to_be_focused()
    expect(page.locator("#throughput canvas")).to_have_count(1)


def test_an_exception_is_found_by_its_cause(enter: Enter, address: str, system: System, number: str) -> None:
    system.fault("eom", number, refusal_rate=1, refusal_code=f"code-{number}", refusal_message="no stock <b>here</b>")
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "exception")
    page = enter(Role.VIEWER)
    page.goto(f"{address}/exceptions")
    page.click(f"a:text-is('code-{number}')")
    page.click(f"#members a:text-is('{number}')")
    expect(page.locator(".chip.big")).to_have_text("Exception")
    expect(page.locator(".incidents").first).to_contain_text("no stock <b>here</b>")


def test_language_and_theme_are_chosen_and_kept(enter: Enter, address: str) -> None:
    page = enter(Role.VIEWER)
    page.goto(f"{address}/orders")
    page.select_option("select[name=locale]", "es")
    expect(page.get_by_role("heading", level=1)).to_have_text("Órdenes")
    page.select_option("select[name=theme]", "dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sala de control")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_an_administrator_adds_a_person_and_revokes_their_session(enter: Enter, address: str, number: str) -> None:
    page, name = enter(Role.ADMINISTRATOR), f"new-{number.lower()}"
    page.goto(f"{address}/people")
    page.fill("form[action='/people/add'] input[name=name]", name)
    page.fill("form[action='/people/add'] input[name=password]", PASSWORD)
    page.select_option("form[action='/people/add'] select[name=role]", "operator")
    page.get_by_role("button", name="Add user").click()
    expect(page.get_by_role("status")).to_have_text("User added.")
    other = enter(Role.VIEWER)
    other.click("form[action='/logout'] button")
    other.fill("input[name=name]", name)
    other.fill("input[name=password]", PASSWORD)
    other.keyboard.press("Enter")
    expect(other.locator(".who")).to_contain_text("Operator")
    expect(other.get_by_role("link", name="People")).to_have_count(0)
    answer = other.goto(f"{address}/people")
    assert answer is not None
    assert answer.status == 403
    page.reload()
    page.get_by_role("button", name=f"Revoke the session of {name}").click()
    expect(page.get_by_role("status")).to_have_text("Session revoked.")
    other.goto(f"{address}/orders")
    expect(other).to_have_url(f"{address}/login?next=%2Forders")


def test_a_person_changes_the_password(enter: Enter, address: str) -> None:
    page = enter(Role.VIEWER)
    name = page.locator(".who").inner_text().split("\n")[0]
    page.goto(f"{address}/account")
    page.fill("input[name=current]", PASSWORD)
    page.fill("input[name=password]", "another long password")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("status")).to_contain_text("Password changed")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", "another long password")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/")


def test_a_narrow_screen_has_a_menu_and_nothing_wider_than_itself(enter: Enter, address: str, delivered: str) -> None:
    page = enter(Role.ADMINISTRATOR, width=390)
    for path in (*PAGES, f"/orders/{delivered}"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Orders", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")


def test_the_first_key_leads_past_the_navigation(enter: Enter, address: str) -> None:
    page = enter(Role.VIEWER)
    page.goto(f"{address}/orders")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_first_visit_loads_less_than_300_kilobytes_and_nothing_from_elsewhere(enter: Enter, address: str) -> None:
    page = enter(Role.VIEWER)
    sizes: dict[str, int] = {}
    page.context.clear_cookies(name="none")
    page.on("requestfinished", lambda request: sizes.update({request.url: request.sizes()["responseBodySize"]}))
    page.goto(address)
    page.wait_for_selector("#throughput canvas")
    assert all(url.startswith(address) for url in sizes)
    assert sum(sizes.values()) < 300_000


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_nothing(enter: Enter, address: str, axe: str, delivered: str, width: int, dark: bool) -> None:
    page = enter(Role.ADMINISTRATOR, width=width, dark=dark)
    found = {}
    for path in (*PAGES, f"/orders/{delivered}", "/orders?q=nothing-of-this-kind", "/nowhere"):
        page.goto(address + path)
        if path.startswith("/orders/"):
            page.wait_for_selector(".djs-element.ended")
        if path == "/exceptions":
            expect(page.locator("#waiting .count")).to_be_visible(timeout=WAIT)
        found[path] = violations(page, axe)
    page.context.clear_cookies()
    page.goto(f"{address}/login")
    found["/login"] = violations(page, axe)
    assert {path: violations for path, violations in found.items() if violations} == {}
