"""An order's tenant, from the inbox's key to its row; and the requests that each tenant may send."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.orders import OrderFile
from tests.unit.support.fakes import FakeObjects, FakeQueues, FakeStore, FakeTenants
from tests.unit.usecases.intake.test_intake import HERE, Rejected, Rows, arrival
from tests.unit.usecases.intake.test_register_and_notify import incoming

from mtd.adapters.postgres.database import Database
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.orders import ubl
from mtd.domain.tenants import PLATFORM_TENANT, is_code, tenant_of_key
from mtd.entrypoints import composition, people
from mtd.usecases.intake.push_waiting import list_waiting, push_waiting
from mtd.usecases.intake.receive_order import receive_order
from mtd.usecases.intake.register_orders import PROCESS, register_orders
from mtd.usecases.ports import QueueMessage
from mtd.usecases.tenants.add_tenant import add_tenant

CONTEXT = SimpleNamespace(aws_request_id="r-1")


@pytest.mark.parametrize(
    ("key", "tenant"),
    [
        ("orders/a.xml", PLATFORM_TENANT),
        ("orders/andes/a.xml", "andes"),
        ("orders/andes/2026/09/a.xml", "andes"),
        ("orders/main/a.xml", PLATFORM_TENANT),
        ("orders//a.xml", ""),
        ("orders/", PLATFORM_TENANT),
    ],
)
def test_the_folder_of_a_file_says_whose_it_is(key: str, tenant: str) -> None:
    assert tenant_of_key(key) == tenant


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("andes", True),
        ("a", True),
        ("a-1", True),
        ("x" * 40, True),
        ("x" * 41, False),
        ("1a", False),
        ("", False),
        ("An", False),
        ("a b", False),
        ("a/b", False),
        ("a\n", False),
        ("ñ", False),
        (None, False),
        (3, False),
    ],
)
def test_what_may_name_a_tenant(text: object, is_one: bool) -> None:
    assert is_code(text) is is_one


def test_a_tenants_file_goes_on_as_its_own_and_a_bad_one_is_kept_as_its_own() -> None:
    files = {"orders/andes/a.xml": OrderFile(number="A").xml().encode(), "orders/andes/b.xml": b"<broken"}
    queues, rejected = FakeQueues(), Rejected()

    receive_order([arrival(key) for key in files], FakeObjects(files), queues, rejected, FakeTenants("andes"), HERE)

    assert [json.loads(body)["tenant"] for _, body in queues.sent] == ["andes"]
    assert [(file.tenant, file.code) for file in rejected.files] == [("andes", "not_xml")]


@pytest.mark.parametrize("key", ["orders/nobody/a.xml", "orders//a.xml", "orders/Andes/a.xml"])
def test_a_file_of_nobody_is_kept_with_its_reason_for_the_platform_tenant(key: str) -> None:
    objects, queues = FakeObjects({key: OrderFile(number="A").xml().encode()}), FakeQueues()
    rejected = Rejected()

    receive_order([arrival(key)], objects, queues, rejected, FakeTenants("andes"), HERE)

    assert queues.sent == []
    assert [(file.tenant, file.code) for file in rejected.files] == [(PLATFORM_TENANT, "tenant_unknown")]
    assert f"rejected/{key}" in objects.content


def test_the_same_order_of_two_tenants_has_two_ids_and_the_platform_tenants_is_the_old_one() -> None:
    store = FakeStore(tenants=(PLATFORM_TENANT, "andes"))

    results = register_orders([incoming(), replace(incoming(), tenant="andes")], store, "f", "r", [])

    assert [new.tenant for new in store.new_orders] == [PLATFORM_TENANT, "andes"]
    assert len({result["order_id"] for result in results}) == 2
    order = ubl.parse_order(OrderFile(number="N").xml().encode())
    assert results[0]["order_id"] == str(order.order_id) == str(order.id_of(PLATFORM_TENANT))


def test_an_order_of_a_tenant_without_the_process_waits_and_says_why() -> None:
    with pytest.raises(InvalidRequest, match="of tenant nobody"):
        register_orders([replace(incoming(), tenant="nobody")], FakeStore(), "f", "r", [])


def waiting(**tenants: object) -> FakeQueues:
    """A message of each number, which names what is given as its tenant."""
    bodies = {
        number: {"number": number} | ({} if code is None else {"tenant": code}) for number, code in tenants.items()
    }
    messages = [
        QueueMessage(
            message_id=f"m-{number}",
            receipt=f"r-{number}",
            body=json.dumps(body),
            receives=11,
            sent_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for number, body in bodies.items()
    ]
    return FakeQueues({"waiting": messages})


@pytest.mark.parametrize(("tenant", "own"), [("andes", ["a"]), (PLATFORM_TENANT, ["h", "n", "u", "x"]), ("other", [])])
def test_the_waiting_queue_is_each_tenants_own(tenant: str, own: list[str]) -> None:
    """A message without a known tenant belongs to the platform tenant."""
    queues, rows = waiting(a="andes", h=PLATFORM_TENANT, n=None, u="unheard-of", x=["no text"]), Rows()

    assert [entry["number"] for entry in list_waiting(queues, rows, FakeTenants("andes", "other"), tenant)] == own
    assert {order.tenant for order in rows.orders} <= {tenant}
    assert push_waiting(None, queues, rows, FakeTenants("andes", "other"), tenant) == own
    assert len(queues.queues["waiting"]) == 5 - len(own)


def test_nobody_pushes_anothers_by_its_number() -> None:
    queues = waiting(a="andes")

    assert push_waiting(["a"], queues, Rows(), FakeTenants("andes"), PLATFORM_TENANT) == []
    assert queues.sent == []


@dataclass(slots=True)
class Acting:
    """Notes whom it acted for, and that it stopped."""

    acted: list[str] = field(default_factory=list)
    now: str | None = None

    @contextmanager
    def acting_for(self, tenant: str) -> Iterator[None]:
        if tenant == "unknown":
            raise NotFound("there is no such tenant", code="tenant_unknown")
        self.acted.append(tenant)
        self.now = tenant
        try:
            yield
        finally:
            self.now = None


@pytest.fixture
def acting(monkeypatch: pytest.MonkeyPatch) -> Acting:
    made = Acting()
    monkeypatch.setattr(composition, "tenants", lambda: made)
    return made


def ask(handler: Any, headers: dict[str, str] | None) -> tuple[int, Any]:
    answer = handler({"httpMethod": "GET", "resource": "/x", "path": "/x", "headers": headers, "body": None}, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize(
    ("headers", "tenant"),
    [
        (None, PLATFORM_TENANT),
        ({}, PLATFORM_TENANT),
        ({"X-MTD-Tenant": "andes"}, "andes"),
        ({"x-mtd-tenant": "andes"}, "andes"),
    ],
)
def test_a_call_is_served_as_its_tenant_and_nobody_stays_behind(
    acting: Acting, headers: dict[str, str] | None, tenant: str
) -> None:
    handler = people.people_handler({"GET /x": lambda *_: {"as": acting.now}})

    assert ask(handler, headers) == (200, {"as": tenant})
    assert acting.now is None


def test_a_call_that_fails_leaves_nobody_behind_either(acting: Acting) -> None:
    def fail(*_: Any) -> None:
        raise ValueError

    assert ask(people.people_handler({"GET /x": fail}), {"X-MTD-Tenant": "andes"})[0] == 500
    assert (acting.acted, acting.now) == (["andes"], None)


@pytest.mark.parametrize(("code", "status"), [("", 400), ("An des", 400), ("main'--", 400), ("unknown", 404)])
def test_who_names_no_tenant_is_served_nothing(acting: Acting, code: str, status: int) -> None:
    assert ask(people.people_handler({"GET /x": lambda *_: {}}), {"X-MTD-Tenant": code})[0] == status
    assert acting.acted == []


@pytest.mark.parametrize(("code", "status"), [(PLATFORM_TENANT, 200), ("andes", 403), ("", 400)])
def test_what_concerns_all_is_the_houses(acting: Acting, code: str, status: int) -> None:
    assert ask(people.platform_handler({"GET /x": lambda *_: {}}), {"X-MTD-Tenant": code})[0] == status
    assert acting.acted == []


@dataclass(slots=True)
class Register:
    added: list[tuple[str, str, str | None, str]] = field(default_factory=list)

    def add(self, code: str, name: str, zone: str | None, process: str) -> None:
        self.added.append((code, name, zone, process))


def test_a_tenant_is_added_with_the_houses_process() -> None:
    register = Register()

    assert add_tenant("andes", " Andes SpA ", None, register) == {"code": "andes", "name": "Andes SpA"}
    assert register.added == [("andes", "Andes SpA", None, PROCESS)]


@pytest.mark.parametrize(
    ("code", "name"), [("A", "n"), (None, "n"), ("a", ""), ("a", "  "), ("a", "x" * 81), ("a", "a\nb"), ("a", 3)]
)
def test_what_is_no_tenant_is_not_added(code: object, name: object) -> None:
    register = Register()
    with pytest.raises(InvalidRequest):
        add_tenant(code, name, None, register)
    assert register.added == []


def test_a_database_that_nobody_acts_on_asks_for_no_role() -> None:
    class Connection:
        def __init__(self) -> None:
            self.settings: list[Any] = []

        def execute(self, _statement: str, parameters: Any) -> None:
            self.settings.append((parameters["role"], parameters["tenant"]))

    database, connection = Database(lambda: ""), Connection()
    database._act(connection)  # type: ignore[arg-type]
    for tenant in ("andes", "andes", PLATFORM_TENANT):
        with database.acting_for(tenant):
            database._act(connection)  # type: ignore[arg-type]
    database._act(connection)  # type: ignore[arg-type]

    assert connection.settings == [("mtd_tenant", "andes"), ("mtd_tenant", PLATFORM_TENANT), ("none", "")]
