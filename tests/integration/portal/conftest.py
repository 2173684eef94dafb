"""The portal of the home under test, its databases, and browsers for it."""

import json
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from devenv.instance import PROJECT, Instance
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.queries.orders.orders import Reader
from portal.access.accounts import Accounts, Role
from portal.database import Database
from tests.browser.axe import axe_script
from tests.browser.portal_browser import browser, chromium, log_in, visitor
from tests.integration.portal.tenant_world import PASSWORD, Visitor, World, make_world, new_tenant, new_visitor
from tests.integration.system import System


@pytest.fixture(scope="session")
def address(system: System) -> str:
    return str(system.state["portal"])


@pytest.fixture(scope="session")
def secrets(system: System) -> dict[str, str]:
    message: dict[str, str] = json.loads((Path(system.state["folder"]) / "secrets.json").read_text("utf-8"))
    return message


def _conninfo(system: System, user: str, password: str) -> str:
    port = system.state["ports"]["postgres"]
    return psycopg.conninfo.make_conninfo(host="127.0.0.1", port=port, dbname="mtd", user=user, password=password)


@pytest.fixture(scope="session")
def orders(system: System, secrets: dict[str, str]) -> Iterator[Database]:
    """As the portal reads orders."""
    database = Database(_conninfo(system, "mtd_reader", secrets["reader"]), read_only=True, connections=2)
    database.open()
    yield database
    database.close()


@pytest.fixture(scope="session")
def reader(orders: Database) -> Reader:
    """As the portal reads the platform tenant's orders."""
    return orders.of(PLATFORM_TENANT)


@pytest.fixture(scope="session")
def own(system: System, secrets: dict[str, str]) -> Iterator[Database]:
    """As the portal keeps its users and sessions."""
    database = Database(_conninfo(system, "mtd_portal", secrets["portal"]), read_only=False, connections=2)
    database.open()
    yield database
    database.close()


@pytest.fixture
def person(own: Database, system: System) -> Callable[..., str]:
    """Makes a user of that role, in those groups; the name."""

    def make(role: Role, tenant: str = PLATFORM_TENANT, groups: Sequence[str] = ()) -> str:
        name = f"{role}-{uuid.uuid4().hex[:8]}"
        Accounts(own).add(tenant, name, PASSWORD, role)
        system.sql("update portal.users set groups = %s where name = %s", list(groups), name)
        return name

    return make


@pytest.fixture(scope="session")
def world(system: System, own: Database) -> World:
    """A tenant with one of everything."""
    return make_world(system, own)


@pytest.fixture(scope="session")
def other(system: System, own: Database) -> Visitor:
    """An administrator of another tenant."""
    mark = f"o{uuid.uuid4().hex[:10]}"
    return new_visitor(own, new_tenant(system, mark), f"{mark}-admin")


@pytest.fixture(scope="session")
def platform(own: Database) -> Visitor:
    """An administrator of the platform tenant."""
    return new_visitor(own, PLATFORM_TENANT, f"h{uuid.uuid4().hex[:10]}-admin")


@pytest.fixture(scope="session")
def started() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("there is no chromium on this machine: apt install chromium")
    with browser() as chosen:
        yield chosen


@pytest.fixture(scope="session")
def axe(started: Browser) -> str:
    assert started.is_connected()
    return axe_script(Instance.from_env(os.environ, PROJECT))


@pytest.fixture
def enter(started: Browser, address: str, person: Callable[..., str]) -> Iterator[Callable[..., Page]]:
    """A page of a new person of that role and those groups, in a browser of their own. A complaint of the browser
    fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(role: Role = Role.OPERATOR, groups: Sequence[str] = (), **how: Any) -> Page:
        context = visitor(started, **how)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
        )
        log_in(page, address, person(role, groups=groups), PASSWORD)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []
