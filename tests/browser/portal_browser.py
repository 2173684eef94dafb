"""A person at the portal: chromium of the machine, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright


def chromium() -> str | None:
    """The machine's chromium; Playwright's own is never fetched."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


@contextmanager
def browser() -> Iterator[Browser]:
    """Headless. Root may not use chromium's sandbox."""
    program = chromium()
    assert program is not None
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"]
        )
        try:
            yield started
        finally:
            started.close()


def visitor(
    started: Browser, *, width: int = 1440, dark: bool = False, locale: str = "en", zone: str = "America/Santiago"
) -> BrowserContext:
    """A browser of its own: nothing is shared with other visitors."""
    return started.new_context(
        viewport={"width": width, "height": 900 if width > 600 else 844},
        color_scheme="dark" if dark else "light",
        locale=locale,
        timezone_id=zone,
        reduced_motion="reduce",
    )


def log_in(page: Page, address: str, name: str, password: str) -> None:
    """From any page to the control room."""
    page.goto(f"{address}/login")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.click("form[action='/login'] button")
    page.wait_for_url(f"{address}/")
