"""A supervisor's day in a browser: numbers as they are written, the way back, sessions that end, figures and lists."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.access.accounts import Role
from tests.integration.portal.tenant_world import PASSWORD
from tests.integration.system import System
from tests.support.orders import OrderFile

pytestmark = pytest.mark.slow

type Enter = Callable[..., Page]
WAIT = 60_000


@pytest.fixture
def failed(system: System, number: str) -> str:
    """An order that EOM has refused."""
    system.fault("eom", number, refusal_rate=1, refusal_code=f"code-{number}", refusal_message="no stock")
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "exception")
    return number


def test_going_back_from_an_order_shows_the_list_that_was_searched(enter: Enter, address: str, failed: str) -> None:
    page = enter()
    page.goto(f"{address}/orders")
    page.fill("#q", failed)
    expect(page).to_have_url(re.compile(f"q={failed}"), timeout=WAIT)
    expect(page.locator("#list tbody tr")).to_have_count(1, timeout=WAIT)
    page.locator("#list tbody th a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(failed)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")
    expect(page.locator(".side")).to_be_visible()
    expect(page.locator("#list tbody tr")).to_have_count(1, timeout=WAIT)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders", timeout=WAIT)
    expect(page.locator(".side")).to_be_visible()


def test_what_was_typed_survives_a_session_that_was_revoked(enter: Enter, address: str, failed: str) -> None:
    page = enter()
    name = page.locator(".who").inner_text().split("\n")[0]
    page.goto(f"{address}/orders/{failed}")
    here = page.url
    page.get_by_label("New note").fill("the buyer called")
    page.context.clear_cookies(name="mtd_session")
    page.get_by_role("button", name="Keep the note").click()
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(here, timeout=WAIT)
    expect(page.get_by_label("New note")).to_have_value("the buyer called")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_role("status").first).to_have_text("Note kept.", timeout=WAIT)
    page.goto(here)
    expect(page.get_by_label("New note")).to_have_value("")


def test_a_price_in_spanish_is_corrected_with_its_effect(
    enter: Enter, address: str, system: System, failed: str
) -> None:
    """12.000 was read as twelve: the boleta said another total."""
    page = enter(locale="es-CL")
    page.goto(f"{address}/orders/{failed}")
    page.locator(".acts").get_by_role("link", name="Corregir y reintentar", exact=True).click()
    expect(page.locator("input[name^='document.lines.']")).to_have_count(0)
    page.get_by_role("link", name="Corregir la línea 1").click()
    price = page.locator("input[name='document.lines.0.price']")
    expect(price).to_be_visible(timeout=WAIT)
    price.fill("12.5")
    page.fill("input[name=reason]", "precio de lista")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("«12.5» no es un número", timeout=WAIT)
    page.locator("input[name='document.lines.0.price']").fill("12.000")
    page.locator("input[name='document.totals.tax']").fill("")
    page.locator("input[name='document.totals.payable']").fill("")
    page.locator("input[name=reason]").press("Enter")
    effect = page.locator("[aria-labelledby=effect-title]")
    expect(effect).to_contain_text("12.000", timeout=WAIT)
    expect(effect.get_by_role("row", name="Total CLP")).to_contain_text("CLP")
    system.heal("eom", failed)
    page.get_by_role("button", name="Corregir ahora").click(timeout=WAIT)
    expect(page.locator("tbody .chip")).to_have_text("hecha", timeout=WAIT)
    system.ended(failed, "completed")
    document = system.sql("select document from orders where number = %s", failed)[0]["document"]
    assert document["lines"][0]["price"] == "12000"


def test_a_slow_request_and_a_lost_feed_say_so(enter: Enter, address: str) -> None:
    page = enter(Role.VIEWER)
    page.goto(f"{address}/orders")
    page.route("**/orders?**", lambda _: None)
    page.fill("#q", "anything")
    expect(page.locator("#busy")).to_be_visible()
    expect(page.locator("#busy")).to_contain_text("has not answered yet", timeout=WAIT)
    page.unroute_all()
    page.goto(address)
    expect(page.locator("#live")).to_be_visible()
    page.context.set_offline(True)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('htmx:sseError'))")
    expect(page.locator("#trouble")).to_contain_text(re.compile(r"No connection since \d\d:\d\d:\d\d"))
    page.context.set_offline(False)


@pytest.mark.parametrize(
    "path", ["/", "/processes", "/processes/version?process=purchase-order&version=1", "/exceptions"]
)
def test_every_figure_is_as_long_as_the_list_that_it_opens(enter: Enter, address: str, failed: str, path: str) -> None:
    """Orders come and go meanwhile: a figure that differs is looked at again."""
    assert failed
    page = enter(Role.ADMINISTRATOR)
    page.goto(address + path)
    hrefs = page.locator("main a[data-count]").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert hrefs
    wrong = {href: pair for href in hrefs if len(set(pair := _figure_and_list(page, address, path, href))) == 2}
    assert wrong == {}


def _figure_and_list(page: Page, address: str, path: str, href: str) -> tuple[int, int]:
    pair = (0, 0)
    for _ in range(5):
        page.goto(address + path)
        figure = int(page.locator(f'main a[data-count][href="{href}"]').first.get_attribute("data-count") or -1)
        page.goto(address + href)
        pair = (figure, _length(page, href))
        if pair[0] == pair[1]:
            break
        page.wait_for_timeout(1000)
    return pair


def _length(page: Page, href: str) -> int:
    if href.startswith("/orders"):
        return int(page.locator("[data-total]").get_attribute("data-total") or -1)
    if "group=" in href:
        return page.locator("#members tbody tr").count()
    return int(page.locator("#groups-title .count").inner_text().replace(",", ""))


def test_an_action_on_all_is_on_what_the_list_shows(enter: Enter, address: str, failed: str) -> None:
    page = enter()
    page.goto(f"{address}/orders?q={failed}")
    page.get_by_role("link", name="Bulk action").click()
    expect(page.locator("main")).to_contain_text("1 order")
    expect(page.locator("main")).to_contain_text(failed)


def test_another_persons_note_appears_by_itself_and_keeps_what_is_typed(
    enter: Enter, address: str, failed: str
) -> None:
    first, second = enter(), enter()
    for page in (first, second):
        page.goto(f"{address}/orders/{failed}")
    first.get_by_label("New note").fill("half a senten")
    second.get_by_label("New note").fill("the buyer called")
    second.get_by_role("button", name="Keep the note").click()
    expect(first.locator("#notes")).to_contain_text("the buyer called", timeout=WAIT)
    expect(first.get_by_label("New note")).to_have_value("half a senten")
