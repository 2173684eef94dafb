"""Permissions: every route, every role, in the platform tenant and in another one; CSRF on every POST; nothing for
nobody."""

import re
from uuid import UUID

import pytest
from tests.support import access
from tests.unit.portal.services import CSRF, FakePortal

from mtd.domain.tenants import PLATFORM_TENANT
from portal.access.accounts import Role
from portal.access.guard import Page
from portal.routes import PAGES

# The least role of every route, written down a second time: a change of either must be meant.
LEAST = {
    ("GET", "/login"): None,
    ("POST", "/login"): None,
    ("POST", "/preferences"): None,
    ("POST", "/logout"): "viewer",
    ("GET", "/"): "viewer",
    ("GET", "/stream"): "viewer",
    ("GET", "/orders"): "viewer",
    ("GET", "/orders.csv"): "viewer",
    ("POST", "/views"): "viewer",
    ("POST", "/views/delete"): "viewer",
    ("GET", "/operations"): "viewer",
    ("GET", "/operations/new"): "operator",
    ("GET", "/operations/lines"): "operator",
    ("POST", "/operations/try"): "operator",
    ("POST", "/operations/run"): "operator",
    ("POST", "/operations/stop"): "operator",
    ("GET", "/operations/{operation:int}"): "viewer",
    ("GET", "/operations/{operation:int}/progress"): "viewer",
    ("GET", "/orders/{order:uuid}/ticket"): "viewer",
    ("GET", "/orders/{order:uuid}/dte.xml"): "viewer",
    ("GET", "/orders/{order:uuid}/dte.pdf"): "viewer",
    ("GET", "/orders/{order:uuid}/credit-note.pdf"): "viewer",
    ("GET", "/orders/{order:uuid}/changes"): "viewer",
    ("POST", "/orders/{order:uuid}/notes"): "operator",
    ("GET", "/orders/{order:path}"): "viewer",
    ("GET", "/diagrams/{version:int}"): "viewer",
    ("GET", "/exceptions"): "viewer",
    ("GET", "/warnings"): "viewer",
    ("POST", "/warnings"): "operator",
    ("GET", "/dte"): "viewer",
    ("POST", "/dte"): "operator",
    ("POST", "/dte/resolve"): "operator",
    ("GET", "/tasks"): "viewer",
    ("POST", "/tasks"): "operator",
    ("POST", "/tasks/assign"): "supervisor",
    ("GET", "/tasks/{task:int}"): "viewer",
    ("GET", "/processes"): "viewer",
    ("POST", "/processes"): "supervisor",
    ("GET", "/processes/version"): "viewer",
    ("GET", "/processes/version/places"): "viewer",
    ("GET", "/processes/import"): "supervisor",
    ("POST", "/processes/import"): "supervisor",
    ("GET", "/processes/bind"): "supervisor",
    ("POST", "/processes/bind"): "supervisor",
    ("POST", "/processes/simulate"): "operator",
    ("GET", "/processes/migrate"): "supervisor",
    ("POST", "/processes/migrate"): "supervisor",
    ("POST", "/processes/reverse"): "supervisor",
    ("GET", "/circuits"): "viewer",
    ("POST", "/circuits"): "supervisor",
    ("GET", "/systems"): "viewer",
    ("POST", "/systems/try"): "supervisor",
    ("GET", "/waiting"): "viewer",
    ("POST", "/waiting/push"): "operator",
    ("GET", "/mail"): "viewer",
    ("GET", "/statistics"): "viewer",
    ("GET", "/statistics.csv"): "viewer",
    ("GET", "/system"): "viewer",
    ("GET", "/people"): "administrator",
    ("POST", "/people/add"): "administrator",
    ("POST", "/people/role"): "administrator",
    ("POST", "/people/groups"): "administrator",
    ("POST", "/people/mail"): "administrator",
    ("POST", "/people/disable"): "administrator",
    ("POST", "/people/revoke"): "administrator",
    ("GET", "/account"): "viewer",
    ("POST", "/account"): "viewer",
}
# Concerns all tenants: only the platform tenant may see or change it.
PLATFORM_ONLY = {
    ("POST", "/circuits"),
    ("POST", "/systems/try"),
    ("GET", "/dte"),
    ("POST", "/dte"),
    ("POST", "/dte/resolve"),
    ("GET", "/mail"),
    ("GET", "/system"),
}
FORM = {"user_id": "1", "session_id": "1", "view_id": "1", "role": "viewer", "name": "n", "password": "right"}
FORM |= {"current": "right", "warning_id": "1", "difference_id": "1"}
# A stream has no end to wait for; the integration tests read from it.
CALLED = [page for page in PAGES if page.path != "/stream"]


def named(page: Page) -> str:
    return f"{page.method} {page.path}"


def address(page: Page) -> str:
    return re.sub(r"{\w+:int}", "1", page.path.replace("{order:path}", "O-1").replace("{order:uuid}", str(UUID(int=1))))


def test_every_route_asks_for_the_role_it_should() -> None:
    assert {(page.method, page.path): page.role and page.role.value for page in PAGES} == LEAST
    assert {(page.method, page.path) for page in PAGES if page.platform_only} == PLATFORM_ONLY


def test_the_table_for_people_is_as_the_routes_are() -> None:
    assert access.DOCUMENT.read_text("utf-8") == access.page(), "run: python -m tests.support.access > docs/access.md"


@pytest.mark.parametrize("page", [page for page in PAGES if page.role is not None], ids=named)
def test_nobody_gets_in_without_a_session(portal: FakePortal, page: Page) -> None:
    for client in (portal.client(), portal.client(mtd_session="made-up")):
        answer = client.request(page.method, address(page), data={"csrf": CSRF})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
    assert portal.records.recorded == []


@pytest.mark.parametrize("page", [page for page in CALLED if page.role is not None], ids=named)
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("tenant", [PLATFORM_TENANT, "andes"])
def test_a_role_may_what_it_should_in_its_own_tenant(portal: FakePortal, page: Page, role: Role, tenant: str) -> None:
    answer = portal.client(role, tenant).request(page.method, address(page), data={"csrf": CSRF, **FORM})
    least, route = LEAST[page.method, page.path], (page.method, page.path)
    assert least is not None
    assert (answer.status_code == 403) == (
        not role.may(Role(least)) or (tenant != PLATFORM_TENANT and route in PLATFORM_ONLY)
    )
    assert answer.status_code < 500
    # Whatever it read, changed or wrote down was that tenant's.
    assert {*portal.read.tenants, *portal.api.tenants, *portal.records.tenants} <= {tenant}


@pytest.mark.parametrize("page", [page for page in PAGES if page.method == "POST"], ids=named)
@pytest.mark.parametrize("given", [{}, {"csrf": ""}, {"csrf": "another"}], ids=str)
def test_a_post_without_the_sessions_token_changes_nothing(
    portal: FakePortal, page: Page, given: dict[str, str]
) -> None:
    answer = portal.client(Role.ADMINISTRATOR).post(address(page), data=FORM | given)
    assert answer.status_code == 403
    assert "The form has expired" in answer.text
    assert portal.records.recorded == []
    assert portal.api.pushed == []
    assert portal.sessions.closed == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.method == "POST"], ids=named)
def test_what_posts_cannot_be_got(portal: FakePortal, page: Page) -> None:
    if ("GET", page.path) not in LEAST:
        answer = portal.client(Role.ADMINISTRATOR).get(address(page))
        assert answer.status_code in (303, 404, 405)
    assert portal.records.recorded == []


def test_every_role_is_enough_for_the_ones_before_it() -> None:
    assert [[role.may(needed) for needed in Role] for role in Role] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]


def test_htmx_is_sent_to_the_login_as_a_whole(portal: FakePortal) -> None:
    answer = portal.client().get("/orders", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


def test_a_login_needs_the_token_of_its_own_form(portal: FakePortal) -> None:
    client = portal.client()
    form = client.get("/login")
    token = form.cookies["mtd_login"]
    assert f'value="{token}"' in form.text
    entered = client.post("/login", data={"csrf": token, "name": "x", "password": "right", "next": "/orders?q=1"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/orders?q=1")
    cookie = entered.headers["set-cookie"]
    assert "mtd_session=viewer" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize(("name", "expected"), [("x", "Wrong user or password"), ("throttled", "Too many tries")])
def test_a_failed_login_says_so_and_keeps_the_name(portal: FakePortal, name: str, expected: str) -> None:
    client = portal.client(mtd_login="t")
    answer = client.post("/login", data={"csrf": "t", "name": name, "password": "wrong"})
    assert answer.status_code == 401
    assert expected in answer.text
    assert f'value="{name}"' in answer.text
    assert "mtd_session" not in answer.cookies


@pytest.mark.parametrize("wanted", ["https://other.example/", "//other.example", "/\\other", "javascript:1"])
def test_a_login_leads_nowhere_else(portal: FakePortal, wanted: str) -> None:
    client = portal.client(mtd_login="t")
    entered = client.post("/login", data={"csrf": "t", "name": "x", "password": "right", "next": wanted})
    assert entered.headers["location"] == "/"


def test_a_push_is_made_once_and_audited(portal: FakePortal) -> None:
    client = portal.client(Role.OPERATOR)
    client.post("/waiting/push", data={"csrf": CSRF, "number": "O-1"})
    client.post("/waiting/push", data={"csrf": CSRF, "confirmed": "true"})
    assert portal.api.pushed == [["O-1"], None]
    assert portal.records.recorded == [("a-operator", "push_waiting", "done")] * 2


def test_a_push_that_fails_is_audited_too(portal: FakePortal) -> None:
    portal.api.away = True
    answer = portal.client(Role.OPERATOR).post("/waiting/push", data={"csrf": CSRF, "confirmed": "true"})
    assert answer.status_code == 503
    assert portal.records.recorded == [("a-operator", "push_waiting", "api_unavailable")]


def test_a_changed_role_ends_the_sessions_of_its_person(portal: FakePortal) -> None:
    client = portal.client(Role.ADMINISTRATOR)
    assert client.post("/people/role", data={"user_id": "5", "role": "viewer", "csrf": CSRF}).status_code in (200, 303)
    assert portal.sessions.closed == [5]
