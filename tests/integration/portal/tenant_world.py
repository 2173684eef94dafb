"""A tenant that has one of everything, made the way it comes about where that is quick, else as the rows it leaves."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from portal.access.accounts import Accounts, Credentials, Role
from portal.access.audit import Audit
from portal.access.sessions import Sessions
from portal.database import Database
from portal.pages.orders.saved_views import Views
from tests.integration.system import System, until
from tests.support.orders import OrderFile

PASSWORD = "a long enough password"

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person with a session: its token for the cookie, and the token of its forms."""

    tenant: str
    name: str
    user_id: int
    session_id: int
    token: str
    csrf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A tenant's own. `mark` is in every text and name of it and nowhere else; numbers end in -good, -bad, -waits."""

    tenant: str
    mark: str
    good: str
    bad: str
    task: int
    warning: int
    operation: int
    version: int
    view: int
    visitor: Visitor

    @property
    def process(self) -> str:
        return f"p-{self.mark}"


def sessions_of(own: Database) -> Sessions:
    return Sessions(own, idle_seconds=1800, longest_seconds=28800)


def new_visitor(own: Database, tenant: str, name: str, role: Role = Role.ADMINISTRATOR) -> Visitor:
    """A new person of the tenant, logged in."""
    Accounts(own).add(tenant, name, PASSWORD, role)
    login = Accounts(own).log_in(Credentials(name=name, password=PASSWORD, address=uuid.uuid4().hex))
    assert login.user_id is not None
    assert login.tenant == tenant
    token = sessions_of(own).open(tenant, login.user_id, f"from-{name}", "test")
    session = sessions_of(own).find(token)
    assert session is not None
    return Visitor(
        tenant=tenant, name=name, user_id=login.user_id, session_id=session.session_id, token=token, csrf=session.csrf
    )


def new_tenant(system: System, mark: str) -> str:
    """Its code."""
    status, body = system.call("POST", "/tenants", {"code": f"t-{mark}", "name": f"Tenant {mark}"})
    assert status == 200, body
    return f"t-{mark}"


def make_world(system: System, own: Database) -> World:
    """A few seconds: two orders of it go the whole way, side by side."""
    mark = f"w{uuid.uuid4().hex[:10]}"
    tenant = new_tenant(system, mark)
    # Some of its rows are inserted, with orders that they do not fit.
    system.broken_by_hand(tenant)
    system.fault("eom", f"{mark}-bad", refusal_rate=1, refusal_code=f"code-{mark}", refusal_message="no stock")
    for number in (f"{mark}-good", f"{mark}-bad"):
        system.put(OrderFile(number=number, buyer_name=f"Buyer {mark}").xml(), f"{tenant}/{number}.xml")
    system.put(b"<broken", f"{tenant}/{mark}-broken.xml")
    good, bad = (
        str(ended(system, tenant, f"{mark}-{name}", state)["orders"][0]["order_id"])
        for name, state in (("good", "completed"), ("bad", "exception"))
    )
    until(lambda: system.sql("select 1 as found from rejections where tenant = %s", tenant), bool)
    _let_wait(system, tenant, f"{mark}-waits")
    asked = {"action": "retry", "person": mark, "reason": f"reason {mark}", "numbers": [f"{mark}-bad"], "dry_run": True}
    status, operation = system.call("POST", "/operations", asked, tenant=tenant)
    assert status == 200, operation
    person = new_visitor(own, tenant, f"{mark}-admin")
    Views(own).save(tenant, person.user_id, f"view {mark}", "q=1")
    Audit(own).record(tenant=tenant, user=person.name, address="-", action="test", subject=f"subject {mark}")
    return World(
        tenant=tenant,
        mark=mark,
        good=good,
        bad=bad,
        operation=operation["operation_id"],
        view=Views(own).of(tenant, person.user_id)[0]["view_id"],
        visitor=person,
        **_rows(system, tenant, mark, bad),
    )


def ended(system: System, tenant: str, number: str, state: str) -> Json:
    """The tenant's order once it is in that state."""
    path = f"/orders/{number}"
    return until(lambda: system.call("GET", path, tenant=tenant)[1], lambda order: order.get("state") == state)


def _let_wait(system: System, tenant: str, number: str) -> None:
    """A message in the waiting queue, as ten failed receives leave it; it can become no order."""
    client = system.aws("sqs")
    url = client.get_queue_url(QueueName="mtd-local-waiting")["QueueUrl"]
    body = {"tenant": tenant, "number": number, "seller": "s", "order": {}}
    sent = client.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    system.sql(
        "insert into waiting_orders (message_id, number, seller_id, reason, tenant) values (%s, %s, 's', 'test', %s)",
        sent["MessageId"],
        number,
        tenant,
    )


def _rows(system: System, tenant: str, mark: str, order_id: str) -> dict[str, int]:
    [task] = system.sql(
        "insert into tasks (order_id, token_id, node, name, team, priority)"
        " values (%s, -%s, 'n', %s, 'team', 'normal') returning task_id as id",
        order_id,
        uuid.uuid4().int % 10**15,
        f"task {mark}",
    )
    [warning] = system.sql(
        "insert into warnings (order_id, kind, state, due_at, predicted_at)"
        " values (%s, %s, 'n', now(), now()) returning warning_id as id",
        order_id,
        f"state:{mark}",
    )
    system.sql(
        "insert into credit_notes (order_id, document_type, folio, refers_to_type, refers_to_folio, amount, currency)"
        " select order_id, 61, %s, document_type, folio, t.amount, t.currency"
        " from tax_documents t join orders using (order_id) where number = %s",
        uuid.uuid4().int % 10**15,
        f"{mark}-good",
    )
    [version] = system.sql(
        "insert into process_versions (tenant, process, version, plan, diagram, diagram_hash)"
        " select tenant, %s, 1, plan, diagram, %s from process_versions where tenant = %s limit 1"
        " returning process_version_id as id",
        f"p-{mark}",
        mark,
        tenant,
    )
    system.sql(
        "insert into order_figures (grain, since, tenant, seller_id, currency, seller_name, received, completed,"
        " exceptions, cancelled, promised, kept)"
        " values ('hour', date_trunc('hour', now()) - interval '5 hours', %s, %s, 'CLP', %s, 1, 1, 0, 0, 0, 0)",
        tenant,
        f"figures-{mark}",
        f"Seller {mark}",
    )
    return {"task": task["id"], "warning": warning["id"], "version": version["id"]}
