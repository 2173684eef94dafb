"""`make screenshots`: every page of the running portal, light and dark, wide and narrow, into docs/screenshots."""

import argparse
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.running import Running
from tests.browser.portal_browser import browser, log_in, visitor

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
_TALLEST = 1000
PAGES = {
    "control-room": "/",
    "orders": "/orders",
    "order": "/orders/CL-2026-000012",
    "exceptions": "/exceptions",
    "warnings": "/warnings?view=all",
    "tasks": "/tasks?view=open",
    "operations": "/operations",
    "systems": "/systems",
    "processes": "/processes",
    "process": "/processes/version?process=purchase-order&version=1&view=times",
    "process-import": "/processes/import",
    "dte": "/dte",
    "ticket": "/orders/{CL-2026-000012}/ticket",
    "statistics": "/statistics",
    "mail": "/mail",
    "system": "/system",
    "people": "/people",
    "account": "/account",
}
"""Every page of the navigation, and what an order and a version lead to. A number in braces becomes its order's id."""

_READY = {
    "order": ".djs-element.ended",
    "process": ".djs-element",
    "exceptions": "#circuits table",
    "control-room": "#throughput canvas",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="*", default=[*PAGES, "login"])
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    instance = Instance.from_env()
    address = str(Running.of(instance).document["portal"])
    password = InstancePasswords.of(instance).administrator
    with browser() as started:
        for dark in (False, True):
            for width in (1440, 390):
                context = visitor(started, width=width, dark=dark)
                suffix = f"{'dark' if dark else 'light'}-{width}"
                _take(context, address, password, arguments.only, arguments.into, suffix)
                context.close()


def _take(context: BrowserContext, address: str, password: str, names: list[str], into: Path, suffix: str) -> None:
    page = context.new_page()
    page.goto(f"{address}/login")
    if "login" in names:
        _shoot(page, into / f"login-{suffix}.png")
    log_in(page, address, "admin", password)
    for name, path in PAGES.items():
        if name in names:
            page.goto(address + _with_id(page, address, path))
            page.wait_for_selector(_READY.get(name, "#main"))
            page.wait_for_timeout(600)
            _shoot(page, into / f"{name}-{suffix}.png")


def _with_id(page: Page, address: str, path: str) -> str:
    """Asked of the portal, which leads from a number to the newest order under it."""
    before, brace, rest = path.partition("{")
    if not brace:
        return path
    number, _, after = rest.partition("}")
    page.goto(f"{address}/orders/{number}")
    return f"{before}{page.url.rpartition('/')[2]}{after}"


def _shoot(page: Page, path: Path) -> None:
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), _TALLEST)
    width = page.viewport_size["width"] if page.viewport_size else 1440
    page.evaluate("document.fonts.ready")
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": width, "height": height}, full_page=True)
    print(path)


if __name__ == "__main__":
    main()
