"""People's actions on orders, in a browser: every action is tried before it is done."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.access.accounts import Role
from tests.browser.axe import violations
from tests.integration.portal.test_tasks import task_of
from tests.integration.system import System
from tests.support.orders import OrderFile

pytestmark = pytest.mark.slow

type Enter = Callable[..., Page]
WAIT = 60_000


def _fail(system: System, number: str, code: str, legacy: str = "eom") -> str:
    """An order that EOM, or another legacy system, refuses; its id."""
    system.fault(legacy, number, refusal_rate=1, refusal_code=code, refusal_message="no stock")
    system.put(OrderFile(number=number, buyer_name=f"Ana {number}").xml(), f"{number}.xml")
    return str(system.ended(number, "exception")["orders"][0]["order_id"])


def _try(page: Page, action: str, reason: str) -> None:
    page.locator(".acts").get_by_role("link", name=action, exact=True).click()
    page.fill("input[name=reason]", reason)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("What would happen", timeout=WAIT)


def test_a_failed_order_is_retried_after_a_trial_that_changes_nothing(
    enter: Enter, address: str, axe: str, system: System, number: str
) -> None:
    order_id = _fail(system, number, f"code-{number}")
    system.heal("eom", number)
    page = enter(Role.OPERATOR)
    page.goto(f"{address}/orders/{order_id}")
    expect(page.locator(".acts").get_by_role("link", name="Cancel")).to_have_count(0)
    _try(page, "Retry", "stock arrived")
    expect(page.locator("tbody")).to_contain_text("would be retried")
    assert system.order(number)["state"] == "exception"
    page.get_by_role("button", name="Retry now").click()
    expect(page.locator("tbody .chip")).to_have_text("done", timeout=WAIT)
    system.ended(number, "completed")
    page.click(f"tbody a:text-is('{number}')")
    expect(page.locator(".chip.big").first).to_have_text("Completed")
    expect(page.locator(".way")).to_contain_text("stock arrived")
    expect(page.locator("[aria-labelledby=operations-title]")).to_contain_text("stock arrived")
    with page.expect_download() as download:
        page.get_by_role("link", name="XML").click()
    assert f"<FolioRef>{number}</FolioRef>" in download.value.path().read_text("utf-8")
    page.get_by_role("link", name="Ticket").click()
    expect(page.locator(".ticket")).to_contain_text(f"Ana {number}")
    assert violations(page, axe) == []
    page.emulate_media(media="print")
    expect(page.locator(".side")).to_be_hidden()
    expect(page.locator(".ticket")).to_be_visible()


def test_what_was_typed_wrong_is_corrected_and_what_says_nothing_new_is_refused(
    enter: Enter, address: str, system: System, number: str
) -> None:
    order_id = _fail(system, number, f"code-{number}")
    system.heal("eom", number)
    page = enter(Role.OPERATOR)
    page.goto(f"{address}/operations/new?order={order_id}&action=correct")
    page.fill("input[name=reason]", "wrong address")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Nothing differs")
    expect(page.locator("input[name=reason]")).to_have_value("wrong address")
    page.fill("input[name='document.buyer.email']", "ana@buyer.example")
    page.locator("input[name=reason]").press("Enter")
    page.get_by_role("button", name="Correct now").click(timeout=WAIT)
    system.ended(number, "completed")
    page.goto(f"{address}/orders/{order_id}")
    expect(page.locator(".facts")).to_contain_text("ana@buyer.example")


def test_a_supervisor_cancels_and_the_stock_comes_back(enter: Enter, address: str, system: System, number: str) -> None:
    order_id = _fail(system, number, f"code-{number}")
    page = enter(Role.SUPERVISOR)
    page.goto(f"{address}/orders/{order_id}")
    _try(page, "Cancel", "the buyer wants it no more")
    page.get_by_role("button", name="Cancel now").click()
    expect(page.locator("tbody .chip")).to_have_text("done", timeout=WAIT)
    system.ended(number, "cancelled")
    page.goto(f"{address}/orders/{order_id}")
    expect(page.locator(".acts")).to_have_count(0)


@pytest.mark.slow
def test_a_supervisor_skips_the_step_that_fails_and_moves_another_order_past_it(
    enter: Enter, address: str, system: System, number: str
) -> None:
    page = enter(Role.SUPERVISOR)
    page.goto(f"{address}/orders/{_fail(system, f'{number}-S', f'code-{number}', 'sales_support')}")
    _try(page, "Skip the step", "the case is open by hand")
    page.get_by_role("button", name="Skip now").click()
    expect(page.locator("tbody .chip")).to_have_text("done", timeout=WAIT)
    system.ended(f"{number}-S", "completed")

    page.goto(f"{address}/orders/{_fail(system, f'{number}-M', f'code-{number}')}")
    page.locator(".acts").get_by_role("link", name="Move", exact=True).click()
    page.select_option("select[name=node]", "completion")
    page.fill("input[name=reason]", "handed over in the shop")
    page.keyboard.press("Enter")
    expect(page.locator("tbody")).to_contain_text("would be moved: Completion", timeout=WAIT)
    page.get_by_role("button", name="Move now").click()
    expect(page.locator("tbody .chip")).to_have_text("done", timeout=WAIT)
    system.ended(f"{number}-M", "completed")


@pytest.mark.slow
def test_an_order_rests_while_it_is_suspended_and_goes_on_when_resumed(
    enter: Enter, address: str, system: System, number: str
) -> None:
    task = task_of(system, number)
    page = enter(Role.OPERATOR, locale="es")
    for action, button, chip in (("Suspender", "Suspender ahora", "suspendida"), ("Reanudar", "Reanudar ahora", "")):
        page.goto(f"{address}/orders/{number}")
        page.locator(".acts").get_by_role("link", name=action, exact=True).click()
        page.fill("input[name=reason]", "espera al cliente")
        page.keyboard.press("Enter")
        page.get_by_role("button", name=button).click(timeout=WAIT)
        expect(page.locator("tbody")).to_contain_text("reanudada" if not chip else "suspendida: Approve", timeout=WAIT)
        page.goto(f"{address}/orders/{number}")
        expect(page.locator(".chip.big", has_text="suspendida")).to_have_count(1 if chip else 0)
    done = {
        "version": task["version"],
        "person": "ana",
        "groups": [task["group"]],
        "values": {"discount": 1, "approved": True},
    }
    assert system.call("POST", f"/tasks/{task['task_id']}/complete", done)[0] == 200
    system.ended(number, "completed")


def test_a_group_is_re_driven_with_a_canary_and_its_progress_moves_by_itself(
    enter: Enter, address: str, system: System, number: str
) -> None:
    numbers = [f"{number}-{place}" for place in range(3)]
    for each in numbers:
        _fail(system, each, f"group-{number}")
        system.heal("eom", each)
    page = enter(Role.OPERATOR)
    page.goto(f"{address}/exceptions")
    page.get_by_role("link", name=f"Retry the orders of group-{number}").click()
    page.fill("input[name=reason]", "EOM is well again")
    page.keyboard.press("Enter")
    expect(page.locator("#items-title ~ table tbody tr")).to_have_count(3, timeout=WAIT)
    page.fill("input[name=canary]", "1")
    page.get_by_role("button", name="Retry now").click()
    page.evaluate("window.notReloaded = true")
    expect(page.locator("#progress .chip[role=status]")).to_have_text("finished", timeout=WAIT)
    assert page.evaluate("window.notReloaded")
    for each in numbers:
        system.ended(each, "completed")


def test_all_orders_of_a_list_are_tried_at_once_and_the_reason_is_said(
    enter: Enter, address: str, system: System, number: str
) -> None:
    for place in range(2):
        system.put(OrderFile(number=f"{number}-{place}").xml(), f"{number}-{place}.xml")
    for place in range(2):
        system.ended(f"{number}-{place}", "completed")
    page = enter(Role.SUPERVISOR)
    page.goto(f"{address}/orders?q={number}")
    page.get_by_role("link", name="Bulk action").click()
    _try(page, "Cancel", "recalled")
    expect(page.locator("#items-title ~ table tbody tr")).to_have_count(2, timeout=WAIT)
    expect(page.locator("#items-title ~ table")).to_contain_text("The order has ended.")
    expect(page.get_by_role("button", name="Cancel now")).to_have_count(0)


def test_a_supervisor_holds_a_legacy_system_and_lets_it_through_again(
    enter: Enter, address: str, system: System
) -> None:
    supervisor, viewer = enter(Role.SUPERVISOR), enter(Role.VIEWER)
    viewer.goto(address)
    try:
        supervisor.goto(f"{address}/exceptions")
        supervisor.get_by_label("Reason, for Sales Support").fill("maintenance")
        supervisor.get_by_role("button", name="Pause Sales Support").click()
        expect(supervisor.locator("#circuits")).to_contain_text("paused by hand", timeout=WAIT)
        expect(supervisor.locator("#circuits")).to_contain_text("maintenance")
        expect(viewer.locator("#figures")).to_contain_text("paused by hand", timeout=WAIT)
        supervisor.get_by_label("Reason, for Sales Support").fill("done")
        supervisor.get_by_role("button", name="Resume Sales Support").click()
        expect(supervisor.locator("#circuits")).not_to_contain_text("paused by hand", timeout=WAIT)
    finally:
        system.call("POST", "/circuits/sales_support", {"action": "close", "person": "test", "reason": "over"})


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_nothing_where_people_operate(
    enter: Enter, address: str, axe: str, system: System, number: str, width: int, dark: bool
) -> None:
    order_id = _fail(system, number, f"code-{number}")
    page = enter(Role.SUPERVISOR, width=width, dark=dark)
    found = {}
    actions = [f"/operations/new?order={order_id}&action={action}" for action in ("retry", "correct", "move")]
    for path in (f"/orders/{order_id}", *actions, "/operations", "/exceptions"):
        page.goto(address + path)
        if path == "/exceptions":
            expect(page.locator("#circuits table")).to_be_visible(timeout=WAIT)
        found[path] = violations(page, axe)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{address}/orders/{order_id}")
    _try(page, "Retry", "look")
    expect(page).to_have_url(re.compile(r"/operations/\d+$"))
    found["tried"] = violations(page, axe)
    assert {path: violations for path, violations in found.items() if violations} == {}
