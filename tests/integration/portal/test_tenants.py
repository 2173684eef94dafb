"""Each tenant's data, requested by another tenant and by the platform tenant, on every page and path of the API.

Each row says where to look, what there gives the tenant away, and what the others are answered. A page or a path that
has no row fails.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from delivery.packaging.template import load
from devenv.instance import PROJECT
from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.schema import PostgresSchema
from mtd.domain.tenants import PLATFORM_TENANT
from portal.access.guard import Page
from portal.routes import PAGES
from tests.integration.portal.tenant_world import Visitor, World, ended
from tests.integration.system import System, until
from tests.support.orders import OrderFile

pytestmark = pytest.mark.xdist_group("tenants")

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A request made of the tenant's own. `evidence` is what only the tenant may see in the answer, empty where there
    is none to be seen; `others` is the status for everybody else."""

    at: str
    body: Json | None = None
    evidence: str = ""
    others: int = 200


PERSONS_OWN = "it is of the session's own person, and takes nothing that names another"
PORTAL: dict[tuple[str, str], Callable[[World], Try] | str] = {
    ("GET", "/login"): "nobody is anybody's yet",
    ("POST", "/login"): "nobody is anybody's yet",
    ("POST", "/logout"): PERSONS_OWN,
    ("POST", "/preferences"): PERSONS_OWN,
    ("GET", "/account"): PERSONS_OWN,
    ("POST", "/account"): PERSONS_OWN,
    ("POST", "/views"): PERSONS_OWN,
    ("GET", "/stream"): "it has no end: test_each_tenant_watches_its_own_figures",
    ("GET", "/"): lambda w: Try(at="/", evidence=f"Tenant {w.mark}"),
    ("GET", "/orders"): lambda w: Try(at=f"/orders?q={w.mark}", evidence=w.good),
    ("GET", "/orders.csv"): lambda w: Try(at=f"/orders.csv?q={w.mark}", evidence=f"{w.mark}-good"),
    ("POST", "/views/delete"): lambda w: Try(at="/views/delete", body={"view_id": w.view}, others=303),
    ("GET", "/operations"): lambda w: Try(at="/operations", evidence=f"reason {w.mark}"),
    ("GET", "/operations/new"): lambda w: Try(
        at=f"/operations/new?order={w.bad}", evidence=f"{w.mark}-bad", others=404
    ),
    ("GET", "/operations/lines"): lambda w: Try(at=f"/operations/lines?order={w.bad}", others=404),
    ("POST", "/operations/try"): lambda w: Try(
        at="/operations/try", body={"order": w.bad, "action": "retry", "reason": "r"}, others=404
    ),
    ("POST", "/operations/run"): lambda w: Try(at="/operations/run", body={"operation_id": w.operation}, others=404),
    ("POST", "/operations/stop"): lambda w: Try(at="/operations/stop", body={"operation_id": w.operation}, others=404),
    ("GET", "/operations/{operation:int}"): lambda w: Try(
        at=f"/operations/{w.operation}", evidence=f"{w.mark}-bad", others=404
    ),
    ("GET", "/operations/{operation:int}/progress"): lambda w: Try(
        at=f"/operations/{w.operation}/progress", evidence=f"{w.mark}-bad", others=404
    ),
    ("GET", "/orders/{order:uuid}/ticket"): lambda w: Try(
        at=f"/orders/{w.good}/ticket", evidence=f"{w.mark}-good", others=404
    ),
    ("GET", "/orders/{order:uuid}/dte.xml"): lambda w: Try(
        at=f"/orders/{w.good}/dte.xml", evidence=f"{w.mark}-good", others=404
    ),
    ("GET", "/orders/{order:uuid}/dte.pdf"): lambda w: Try(at=f"/orders/{w.good}/dte.pdf", evidence="%PDF", others=404),
    ("GET", "/orders/{order:uuid}/credit-note.pdf"): lambda w: Try(
        at=f"/orders/{w.good}/credit-note.pdf", evidence="%PDF", others=404
    ),
    ("GET", "/orders/{order:uuid}/changes"): lambda w: Try(at=f"/orders/{w.good}/changes", others=404),
    ("POST", "/orders/{order:uuid}/notes"): lambda w: Try(
        at=f"/orders/{w.good}/notes", body={"text": "a note"}, others=404
    ),
    ("GET", "/orders/{order:path}"): lambda w: Try(at=f"/orders/{w.good}", evidence=f"{w.mark}-good", others=404),
    ("GET", "/diagrams/{version:int}"): lambda w: Try(at=f"/diagrams/{w.version}", evidence="definitions", others=404),
    ("GET", "/exceptions"): lambda w: Try(at="/exceptions", evidence=f"code-{w.mark}"),
    ("GET", "/warnings"): lambda w: Try(at="/warnings?view=all", evidence=f"{w.mark}-bad"),
    ("POST", "/warnings"): lambda w: Try(at="/warnings", body={"warning_id": w.warning}, others=404),
    ("GET", "/tasks"): lambda w: Try(at="/tasks?view=open", evidence=f"task {w.mark}"),
    ("POST", "/tasks"): lambda w: Try(
        at="/tasks", body={"task_id": w.task, "version": 1, "action": "claim"}, others=404
    ),
    ("POST", "/tasks/assign"): lambda w: Try(
        at="/tasks/assign", body={"task_id": w.task, "version": 1, "assignee": "me"}, others=404
    ),
    ("GET", "/tasks/{task:int}"): lambda w: Try(at=f"/tasks/{w.task}", evidence=f"task {w.mark}", others=404),
    ("GET", "/processes"): lambda w: Try(at="/processes", evidence=w.process),
    ("POST", "/processes"): lambda w: Try(
        at="/processes", body={"process": w.process, "version": 1, "action": "activate"}, others=404
    ),
    ("GET", "/processes/version"): lambda w: Try(
        at=f"/processes/version?process={w.process}&version=1", evidence=f"/diagrams/{w.version}", others=404
    ),
    ("GET", "/processes/version/places"): lambda w: Try(
        at=f"/processes/version/places?process={w.process}&version=1", others=404
    ),
    ("GET", "/processes/import"): lambda _: Try(at="/processes/import"),
    ("POST", "/processes/import"): lambda _: Try(at="/processes/import", body={}, others=400),
    ("GET", "/processes/bind"): lambda w: Try(at=f"/processes/bind?process={w.process}&version=1", others=404),
    ("POST", "/processes/bind"): lambda w: Try(
        at=f"/processes/bind?process={w.process}&version=1", body={"action": "save"}, others=404
    ),
    ("POST", "/processes/simulate"): lambda w: Try(
        at="/processes/simulate", body={"process": w.process, "version": 1}, others=404
    ),
    ("GET", "/processes/migrate"): lambda w: Try(at=f"/processes/migrate?process={w.process}&from=1", others=404),
    ("POST", "/processes/migrate"): lambda w: Try(
        at="/processes/migrate", body={"process": w.process, "from": 1, "to": 2, "reason": "r"}, others=404
    ),
    ("POST", "/processes/reverse"): lambda w: Try(
        at="/processes/reverse", body={"operation_id": w.operation, "reason": "r"}, others=404
    ),
    ("GET", "/circuits"): lambda _: Try(at="/circuits"),
    ("GET", "/systems"): lambda _: Try(at="/systems"),
    ("GET", "/waiting"): lambda w: Try(at="/waiting?known", evidence=f"{w.mark}-waits"),
    ("POST", "/waiting/push"): lambda w: Try(at="/waiting/push", body={"number": f"{w.mark}-waits"}, others=303),
    ("GET", "/statistics"): lambda w: Try(at="/statistics", evidence=f"Seller {w.mark}"),
    ("GET", "/statistics.csv"): lambda _: Try(at="/statistics.csv"),
    ("GET", "/people"): lambda w: Try(at="/people", evidence=f"subject {w.mark}"),
    ("POST", "/people/add"): lambda w: Try(
        at="/people/add",
        body={"tenant": w.tenant, "name": f"{w.mark}-spy", "password": "long enough, truly", "role": "administrator"},
        others=404,
    ),
    ("POST", "/people/role"): lambda w: Try(
        at="/people/role", body={"user_id": w.visitor.user_id, "role": "administrator"}, others=404
    ),
    ("POST", "/people/mail"): lambda w: Try(
        at="/people/mail", body={"user_id": w.visitor.user_id, "mail": "spy@example.cl"}, others=404
    ),
    ("POST", "/people/groups"): lambda w: Try(
        at="/people/groups", body={"user_id": w.visitor.user_id, "groups": "spies"}, others=404
    ),
    ("POST", "/people/disable"): lambda w: Try(
        at="/people/disable", body={"user_id": w.visitor.user_id, "disabled": "true"}, others=404
    ),
    ("POST", "/people/revoke"): lambda w: Try(
        at="/people/revoke", body={"session_id": w.visitor.session_id}, others=404
    ),
}
TRIES = {route: row for route, row in PORTAL.items() if not isinstance(row, str)}
# Where the platform tenant may what others may not: it makes a tenant's first administrator.
NOT_TRIED_BY_THE_PLATFORM = {("POST", "/people/add")}

API: dict[tuple[str, str], Callable[[World], Try]] = {
    ("GET", "/orders"): lambda w: Try(at=f"/orders?number={w.mark}-good", evidence=f"Buyer {w.mark}"),
    ("GET", "/orders/{number}"): lambda w: Try(at=f"/orders/{w.mark}-good", evidence=w.good, others=404),
    ("GET", "/summary"): lambda _: Try(at="/summary"),
    # Its order is not in the archive, and nobody's is another's there.
    ("GET", "/archive/{order_id}"): lambda w: Try(at=f"/archive/{w.good}", others=404),
    ("GET", "/waiting"): lambda w: Try(at="/waiting", evidence=f"{w.mark}-waits"),
    ("POST", "/waiting"): lambda w: Try(at="/waiting", body={"numbers": [f"{w.mark}-waits"]}),
    ("GET", "/processes"): lambda w: Try(at="/processes", evidence=w.process),
    ("POST", "/processes"): lambda _: Try(at="/processes", body={"files": []}, others=400),
    ("POST", "/processes/{process}/versions/{version}/{action}"): lambda w: Try(
        at=f"/processes/{w.process}/versions/1/activate", body={}, others=404
    ),
    ("POST", "/processes/{process}/migrations"): lambda w: Try(
        at=f"/processes/{w.process}/migrations",
        body={"mode": "rehearse", "from": 1, "to": 2, "person": "p", "reason": "r"},
        others=404,
    ),
    ("GET", "/tasks"): lambda w: Try(at="/tasks", evidence=f"task {w.mark}"),
    ("POST", "/tasks/{task_id}/{action}"): lambda w: Try(
        at=f"/tasks/{w.task}/claim", body={"version": 1, "person": "p", "groups": ["sales"]}, others=404
    ),
    ("POST", "/orders/{number}/messages"): lambda w: Try(
        # Another tenant's message waits for an order of that tenant's own.
        at=f"/orders/{w.mark}-good/messages",
        body={"message": "m"},
    ),
    ("POST", "/messages"): lambda w: Try(
        at="/messages", body={"message": "m", "when": f'order.number == "{w.mark}-good"'}
    ),
    ("POST", "/signals"): lambda _: Try(at="/signals", body={"signal": "s"}),
    ("POST", "/orders/{number}/notes"): lambda w: Try(
        at=f"/orders/{w.mark}-good/notes", body={"person": "p", "text": "t"}, others=404
    ),
    ("GET", "/exceptions"): lambda w: Try(at="/exceptions", evidence=f"code-{w.mark}"),
    ("GET", "/circuits"): lambda _: Try(at="/circuits"),
    ("GET", "/systems"): lambda _: Try(at="/systems"),
    ("GET", "/warnings"): lambda w: Try(at="/warnings?all=true", evidence=f"state:{w.mark}"),
    ("POST", "/warnings/{warning_id}/acknowledge"): lambda w: Try(
        at=f"/warnings/{w.warning}/acknowledge", body={"person": "p"}, others=404
    ),
    ("GET", "/operations"): lambda w: Try(at="/operations", evidence=f"reason {w.mark}"),
    ("POST", "/operations"): lambda w: Try(
        at="/operations", body={"action": "retry", "person": "p", "reason": "r", "order_ids": [w.bad]}, others=404
    ),
    ("GET", "/operations/{operation_id}"): lambda w: Try(
        at=f"/operations/{w.operation}", evidence=f"reason {w.mark}", others=404
    ),
    ("POST", "/operations/{operation_id}/stop"): lambda w: Try(
        at=f"/operations/{w.operation}/stop", body={"person": "p"}, others=404
    ),
}
HOUSE_ONLY: dict[tuple[str, str], Json | None] = {
    ("GET", "/tenants"): None,
    ("POST", "/tenants"): {"code": "taken-over", "name": "n"},
    ("GET", "/audit"): None,
    ("POST", "/erasures"): {"whom": "12345678-5", "person": "p", "reason": "r"},
    ("GET", "/dte/reconciliations"): None,
    ("POST", "/dte/reconciliations"): {"day": "2026-01-01"},
    ("POST", "/dte/differences/{difference_id}/resolve"): {"person": "p", "note": "n"},
    ("PUT", "/systems/{system}"): {"declaration": {"url": "https://example.test"}, "person": "p"},
    ("POST", "/work/{system}/{action}"): {"worker": "w"},
    ("POST", "/systems/{system}/try"): {"process": "p", "version": 1, "task": "t"},
    ("POST", "/circuits/{system}"): {"action": "open", "person": "p", "reason": "r"},
}
# Called by functions only, with messages and tokens of all tenants: docs/adr/0020.
FLOW = ("/states/", "/errors/")
FLOW_OPERATIONS = {("POST", "/orders"), ("POST", "/systems/{system}")}


def _named(page: Page) -> str:
    return f"{page.method} {page.path}"


def _operations() -> list[tuple[str, str]]:
    paths = load(PROJECT / "cloudformation" / "openapi.yaml")["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def _ask(address: str, who: Visitor, method: str, asked: Try) -> httpx.Response:
    form = None if asked.body is None else {name: str(value) for name, value in asked.body.items()} | {"csrf": who.csrf}
    cookies = {"mtd_session": who.token, "locale": "en"}
    with httpx.Client(base_url=address, cookies=cookies, follow_redirects=False, timeout=40) as client:
        return client.request(method, asked.at, data=form)


def _state(system: System, world: World) -> list[tuple[Any, ...]]:
    """All that others could have changed of the tenant's."""
    tables = (
        "orders",
        "tasks",
        "operations",
        "process_versions",
        "waiting_orders",
        "warnings",
        "rejections",
        "messages",
        "portal.users",
        "portal.views",
        "portal.audit",
    )
    rows = " union all ".join(f"select to_jsonb(t) as row from {table} t where tenant = %(tenant)s" for table in tables)
    closed = "select to_jsonb(closed_at) from portal.sessions where session_id = %(session)s"
    asked = {"tenant": world.tenant, "session": world.visitor.session_id}
    with psycopg.connect(system.conninfo()) as connection:
        return sorted(connection.execute(f"{rows} union all {closed}".encode(), asked).fetchall(), key=str)


def test_every_page_has_a_row() -> None:
    assert {(page.method, page.path) for page in PAGES if not page.platform_only} == set(PORTAL)


def test_every_path_of_the_api_has_a_row() -> None:
    people = {(m, path) for m, path in _operations() if not path.startswith(FLOW)} - FLOW_OPERATIONS
    assert people == set(API) | set(HOUSE_ONLY)


@pytest.mark.parametrize("page", [page for page in PAGES if (page.method, page.path) in TRIES], ids=_named)
def test_a_page_shows_and_changes_nothing_of_another_tenant(
    system: System, address: str, world: World, other: Visitor, platform: Visitor, page: Page
) -> None:
    asked = TRIES[page.method, page.path](world)
    if page.method == "GET":
        answer = _ask(address, world.visitor, "GET", asked)
        assert (answer.status_code, asked.evidence in answer.text) == (200, True)
    before = _state(system, world)
    for stranger in (other,) if (page.method, page.path) in NOT_TRIED_BY_THE_PLATFORM else (other, platform):
        answer = _ask(address, stranger, page.method, asked)
        assert answer.status_code == asked.others, (stranger.tenant, answer.text[:300])
        assert not asked.evidence or asked.evidence not in answer.text, stranger.tenant
    assert _state(system, world) == before


@pytest.mark.parametrize("page", [page for page in PAGES if page.platform_only], ids=_named)
def test_what_concerns_all_tenants_is_for_the_house_alone(
    address: str, world: World, platform: Visitor, page: Page
) -> None:
    asked = Try(at=page.path, body={} if page.method == "POST" else None)
    assert _ask(address, world.visitor, page.method, asked).status_code == 403
    assert _ask(address, platform, page.method, asked).status_code in (200, 303, 400)


@pytest.mark.parametrize("operation", list(API), ids=" ".join)
def test_the_api_gives_and_changes_nothing_of_another_tenant(
    system: System, world: World, other: Visitor, operation: tuple[str, str]
) -> None:
    method, asked = operation[0], API[operation](world)
    if asked.evidence:
        # Whoever looks through the waiting queue hides its messages for a moment.
        until(
            lambda: json.dumps(system.call(method, asked.at, tenant=world.tenant)[1]),
            lambda answer: asked.evidence in answer,
        )
    before = _state(system, world)
    for stranger in (other.tenant, ""):
        status, body = system.call(method, asked.at, asked.body, tenant=stranger)
        assert status == asked.others, (stranger, body)
        assert not asked.evidence or asked.evidence not in json.dumps(body), stranger
    assert _state(system, world) == before


@pytest.mark.parametrize("operation", list(HOUSE_ONLY), ids=" ".join)
def test_a_tenant_asks_for_nothing_that_concerns_all(system: System, world: World, operation: tuple[str, str]) -> None:
    method, path = operation
    at = path.replace("{difference_id}", "1").replace("{system}", "eom")
    status, body = system.call(method, at, HOUSE_ONLY[operation], tenant=world.tenant)
    assert (status, body["code"]) == (403, "house_only")


def test_a_tenants_summary_counts_its_own(system: System, world: World) -> None:
    _, answer = system.call("GET", "/summary", tenant=world.tenant)
    assert answer["orders_by_state"] == {"completed": 1, "exception": 1, "rejected": 1, "waiting": 1}


@pytest.mark.parametrize(("tenant", "status"), [("never-heard-of", 404), ("Not A Code", 400), ("x" * 41, 400)])
def test_who_is_no_tenant_is_told_so(system: System, tenant: str, status: int) -> None:
    assert system.call("GET", "/orders", tenant=tenant)[0] == status


def test_the_same_order_of_two_tenants_is_two_orders(system: System, world: World, other: Visitor) -> None:
    """Same seller, number and content: each has its own id, tax document and mail."""
    number = f"{world.mark}-twice"
    for folder in (f"{other.tenant}/", ""):
        system.put(OrderFile(number=number).xml(), f"{folder}{number}.xml")
    found = [ended(system, tenant, number, "completed") for tenant in (other.tenant, PLATFORM_TENANT)]
    first, second = (order["orders"][0] for order in found)
    assert first["order_id"] != second["order_id"]
    assert first["tax_document"] != second["tax_document"]
    assert system.call("GET", f"/orders/{number}", tenant=world.tenant)[0] == 404


def test_a_file_of_nobody_is_rejected_and_the_house_sees_it(system: System, world: World) -> None:
    source = system.put(b"<Order/>", f"nobody/{world.mark}.xml")
    [row] = until(lambda: system.rows(source), bool)
    assert row["state"] == "rejected"
    assert "tenant_unknown" in row["reason"]
    assert system.sql("select tenant from rejections where source = %s", source) == [{"tenant": PLATFORM_TENANT}]


def test_a_deployment_is_every_tenants_and_leaves_what_one_has_drawn_itself(
    system: System, world: World, other: Visitor
) -> None:
    process, schema = f"d-{world.mark}", PostgresSchema(Database(system.conninfo))
    [plan] = system.sql("select plan from process_versions where process_version_id = %s", world.version)
    system.sql(
        "insert into process_versions"
        " (tenant, process, version, plan, diagram, diagram_hash, active, report, decided_at)"
        " select tenant, %s, 1, plan, diagram, 'own', true, %s, now() from process_versions"
        " where process_version_id = %s",
        process,
        '{"bindings": []}',
        world.version,
    )
    try:
        versions = [schema.publish(process, plan["plan"], "<d/>", digest) for digest in ("first", "second", "second")]
        active = system.sql("select tenant, diagram_hash from process_versions where process = %s and active", process)
    finally:
        system.sql("delete from process_versions where process = %s", process)
    assert versions == [1, 2, 2]
    answer = {row["tenant"]: row["diagram_hash"] for row in active}
    assert (answer[PLATFORM_TENANT], answer[other.tenant], answer[world.tenant]) == ("second", "second", "own")


def test_the_house_makes_a_tenants_first_administrator(
    system: System, address: str, world: World, platform: Visitor
) -> None:
    form = {"tenant": world.tenant, "name": f"{world.mark}-second", "password": "long enough, truly", "role": "viewer"}
    assert _ask(address, platform, "POST", Try(at="/people/add", body=form)).status_code == 303
    assert system.sql("select tenant, role from portal.users where name = %s", form["name"]) == [
        {"tenant": world.tenant, "role": "viewer"}
    ]
    answer = system.sql("select tenant from portal.audit where subject = %s order by tenant", form["name"])
    assert {row["tenant"] for row in answer} == {PLATFORM_TENANT, world.tenant}
