"""The portal without PostgreSQL and AWS: fakes that answer by the names of what is asked."""

# ruff: noqa: ARG002

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from starlette.testclient import TestClient

from mtd.domain.errors import MtdError, UnavailableError
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.queries.orders.orders import Reader
from portal.access.accounts import Accounts, Authenticator, Credentials, Login, Role
from portal.access.audit import Audit
from portal.access.sessions import Session, Sessions
from portal.app import create_app
from portal.clients.cloud import Cloud
from portal.clients.orders_api import OrdersApi
from portal.database import Database
from portal.live import LiveFeeds
from portal.pages.orders.saved_views import Views
from portal.rendering.assets import Assets
from portal.rendering.templates import Templates
from portal.services import Services
from portal.settings import Settings

LIBRARIES = (
    "bpmn.js",
    "diagram.css",
    "bpmn.css",
    "htmx.js",
    "sse.js",
    "uplot.js",
    "uplot.css",
    "plex-sans-400.woff2",
    "plex-sans-600.woff2",
    "plex-mono-400.woff2",
)
CSRF = "csrf-of-the-session"


class FakeRead:
    """Rows by a piece of the statement; none for the rest."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {
            "as open,": [{"open": 2, "lately": 1}],
            "as mine, count(*) as open": [{"mine": 0, "open": 0, "overdue": 0}],
            "max(since) as latest": [{"orders": 0, "latest": None}],
            "from orders o\nwhere o.outcome is null and o.promised_on": [{"orders": 0}],
            "count(*) as orders from orders where outcome is null": [{"orders": 0}],
            "count(*) as orders from orders o\nwhere outcome = 'exception'": [{"orders": 0}],
            "count(*) as files from rejections": [{"files": 0}],
            "percentile_cont(0.95)": [{"orders": 0, "p50": None, "p95": None}],
            "select count(*) as orders from (select from": [{"orders": 0}],
        }
        self.away = False
        self.tenants: list[str] = []

    def of(self, tenant: str) -> Reader:
        self.tenants.append(tenant)
        return self._answer

    def _answer(self, query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self.away:
            raise UnavailableError("away", code="database_unavailable")
        return next((rows for piece, rows in self.rows.items() if piece in query), [])

    def open(self) -> None: ...

    def close(self) -> None: ...


class FakeSessions:
    """The token is the role, with `@` and the tenant where it is not the platform tenant's."""

    def __init__(self) -> None:
        self.closed: list[int] = []

    def find(self, token: str, *, active: bool = True) -> Session | None:
        role, _, tenant = token.partition("@")
        if role not in Role:
            return None
        tenant = tenant or PLATFORM_TENANT
        return Session(
            session_id=7,
            user_id=1,
            tenant=tenant,
            tenant_name=tenant.upper(),
            name=f"a-{role}",
            role=Role(role),
            csrf=CSRF,
        )

    def open(self, tenant: str, user_id: int, address: str, agent: str) -> str:
        return "viewer"

    def close(self, tenant: str, session_id: int, closed_by: str) -> None:
        self.closed.append(session_id)

    def close_all(self, tenant: str, user_id: int, closed_by: str) -> None:
        self.closed.append(user_id)

    def listed(self, tenant: str) -> list[dict[str, Any]]:
        return []


class FakeAccounts:
    """One person, whose password is `right`."""

    has_form = True

    def log_in(self, attempt: Credentials) -> Login:
        if attempt.name == "throttled":
            return Login(throttled=True)
        return Login(user_id=1, name=attempt.name) if attempt.password == "right" else Login()

    def tenants(self, tenant: str) -> list[dict[str, Any]]:
        return [
            {"code": code, "name": code}
            for code in ([PLATFORM_TENANT, "andes"] if tenant == PLATFORM_TENANT else [tenant])
        ]

    def users(self, tenant: str) -> list[dict[str, Any]]:
        return []

    def add(self, tenant: str, name: str, password: str, role: Role) -> None: ...

    def change_role(self, tenant: str, user_id: int, role: Role) -> str:
        return "somebody"

    def change_groups(self, tenant: str, user_id: int, groups: Sequence[str]) -> str:
        self.groups = list(groups)
        return "somebody"

    def change_mail(self, tenant: str, user_id: int, address: str) -> str:
        self.mail = address
        return "somebody"

    def change_password(self, tenant: str, user_id: int, password: str) -> str:
        return "somebody"

    def disable(self, tenant: str, user_id: int, *, disabled: bool) -> str:
        return "somebody"


class FakeRecords:
    """The audit and the views."""

    def __init__(self) -> None:
        self.recorded: list[tuple[str, str, str]] = []
        self.tenants: list[str] = []

    def record(
        self, *, tenant: str, user: str, address: str, action: str, subject: str, outcome: str = "done", **_: Any
    ) -> None:
        self.tenants.append(tenant)
        self.recorded.append((user, action, outcome))

    def latest(self, tenant: str) -> list[dict[str, Any]]:
        return []

    def of(self, tenant: str, user_id: int) -> list[dict[str, Any]]:
        return []

    def save(self, tenant: str, user_id: int, name: str, query: str) -> None: ...

    def delete(self, tenant: str, user_id: int, view_id: int) -> None: ...


class FakeApi:
    """The waiting queue, and a record of what was asked for."""

    def __init__(self) -> None:
        self.tenants: list[str] = []
        self.operated: list[Mapping[str, Any]] = []
        self.stopped: list[tuple[int, str]] = []
        self.tasks: list[tuple[int, str, Mapping[str, Any]]] = []
        self.notes: list[tuple[str, Mapping[str, Any]]] = []
        self.imported: list[Mapping[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        self.simulated: list[tuple[str, int, Mapping[str, Any]]] = []
        self.simulation: dict[str, Any] = {"outcome": None, "stands": [], "problem": None, "steps": [], "order": ""}
        self.migrated: list[tuple[str, Mapping[str, Any]]] = []
        self.acknowledged: list[tuple[int, str]] = []
        self.reconciled: list[str | None] = []
        self.resolved: list[tuple[int, str, str]] = []
        self.processes: list[tuple[str, int, str]] = []
        self.rebound: list[tuple[str, int, Mapping[str, Any]]] = []
        self.tries: list[tuple[str, Mapping[str, Any]]] = []
        self.circuits: list[tuple[str, Mapping[str, Any]]] = []
        self.refusal: MtdError | None = None
        self.pushed: list[list[str] | None] = []
        self.rows: list[dict[str, Any]] = []
        self.lines: dict[UUID, dict[str, Any]] = {}
        self.away = False

    def of(self, tenant: str) -> "FakeApi":
        self.tenants.append(tenant)
        return self

    def archived(self, order_id: UUID) -> dict[str, Any]:
        return self.lines[order_id]

    def waiting(self) -> list[dict[str, Any]]:
        if self.away:
            raise UnavailableError("away", code="api_unavailable")
        return self.rows

    def operate(self, body: Mapping[str, Any]) -> int:
        self._refuse()
        self.operated.append(body)
        return 70 + len(self.operated)

    def stop_operation(self, operation_id: int, person: str) -> None:
        self._refuse()
        self.stopped.append((operation_id, person))

    def do_task(self, task_id: int, action: str, body: Mapping[str, Any]) -> None:
        self._refuse()
        self.tasks.append((task_id, action, body))

    def write_note(self, number: str, body: Mapping[str, Any]) -> None:
        self._refuse()
        self.notes.append((number, body))

    def acknowledge_warning(self, warning_id: int, person: str) -> None:
        self._refuse()
        self.acknowledged.append((warning_id, person))

    def reconcile_dte(self, day: str | None) -> None:
        self._refuse()
        self.reconciled.append(day)

    def resolve_difference(self, difference_id: int, person: str, note: str) -> None:
        self._refuse()
        self.resolved.append((difference_id, person, note))

    def change_process(self, process: str, version: int, action: str) -> None:
        self._refuse()
        self.processes.append((process, version, action))

    def import_processes(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        self._refuse()
        self.imported.append(body)
        return self.reports

    def rebind(self, process: str, version: int, body: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse()
        self.rebound.append((process, version, body))
        return self.reports[0] | {"version": 2 if body["keep"] else None}

    def simulate(self, process: str, version: int, body: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse()
        self.simulated.append((process, version, body))
        return self.simulation

    def migrate(self, process: str, body: Mapping[str, Any]) -> int:
        self._refuse()
        self.migrated.append((process, body))
        return 90 + len(self.migrated)

    def change_circuit(self, system: str, body: Mapping[str, Any]) -> None:
        self._refuse()
        self.circuits.append((system, body))

    def try_system(self, system: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse()
        self.tries.append((system, body))
        return {
            "system": system,
            "task": body["task"],
            "request": {"body": {"id": "N"}},
            "ms": 3.0,
            "values": {"score": 7},
        }

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def push_waiting(self, numbers: list[str] | None) -> list[str]:
        self.waiting()
        self.pushed.append(numbers)
        return numbers or ["1", "2"]


class FakeCloud:
    """No queues, no functions, an inbox of the mails that it was given."""

    has_inbox = True

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []
        self.in_alarm: list[dict[str, Any]] = []
        self.tries: list[dict[str, Any]] = []

    def queues(self) -> list[dict[str, Any]]:
        return []

    def functions(self) -> list[dict[str, Any]]:
        return []

    def alarms(self) -> list[dict[str, Any]]:
        return self.in_alarm

    def legacy_tries(self) -> list[dict[str, Any]]:
        return self.tries

    def mails(self) -> list[dict[str, Any]]:
        return self.letters


class FakePortal:
    """The application on fakes, and a client for each role."""

    def __init__(self, folder: Path, authenticator: Authenticator | None = None, *, secure: bool = False) -> None:
        for name in LIBRARIES:
            (folder / name).write_text(f"/* {name} */ " * 200)
        self.read, self.sessions, self.records = FakeRead(), FakeSessions(), FakeRecords()
        self.api, self.cloud = FakeApi(), FakeCloud()
        assets = Assets(folder)
        read, cloud = cast(Database, self.read), cast(Cloud, self.cloud)
        settings = Settings(reader="", database="", api_url="", region="us-west-2", assets=folder, secure=secure)
        self.accounts = FakeAccounts()
        accounts = cast(Accounts, self.accounts)
        self.app = create_app(
            Services(
                settings=settings,
                read=read,
                database=read,
                accounts=accounts,
                authenticator=authenticator or accounts,
                sessions=cast(Sessions, self.sessions),
                audit=cast(Audit, self.records),
                views=cast(Views, self.records),
                orders_api=cast(OrdersApi, self.api),
                cloud=cloud,
                live_feeds=LiveFeeds(read, cloud),
                templates=Templates(assets),
                assets=assets,
            )
        )

    def client(self, role: Role | None = None, tenant: str = "", **cookies: str) -> TestClient:
        session = f"{role}@{tenant}" if tenant else str(role)
        sent = ({"mtd_session": session} if role else {}) | {"locale": "en"} | cookies
        return TestClient(self.app, follow_redirects=False, raise_server_exceptions=False, cookies=sent)
