"""PostgreSQL itself keeps the tenants apart: every table, without a setting, with another's, and after a request."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from mtd.adapters.postgres import database as functions
from mtd.adapters.postgres.database import TENANTS_ROLE
from mtd.domain.errors import MtdError
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.queries.flow.circuits import read_circuit
from portal.database import Database
from portal.live import LiveFeeds
from tests.integration.portal.tenant_world import World
from tests.integration.system import System

pytestmark = pytest.mark.xdist_group("tenants")

# Tables that belong to no tenant, and why.
OF_NOBODY = {
    "public.migrations": "the schema's",
    "public.outbox": "messages on their way, deleted once sent; the reader may not read it",
    "public.circuits": "the health of the legacy systems, which carry everybody's orders",
    "public.systems": "connected systems, which the processes of all tenants may name; only the platform declares them",
    "public.system_calls": "how the calls of connected systems go, which carry everybody's orders",
    "public.summary_marks": "how far the figures are; nobody but summarise_orders may read it",
    "public.state_targets": "defaults that all processes share",
    "public.suppressed_addresses": "mail addresses, which are SES's; nobody but notify_customer may read it",
    "portal.failed_logins": "guesses by whoever is nobody yet",
}
_TABLES = """
select n.nspname || '.' || c.relname as name, c.relrowsecurity and exists (
           select from pg_policy p where p.polrelid = c.oid) as kept
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'portal') and c.relkind in ('r', 'p')
"""
_OWNERS = """
select table_schema || '.' || table_name as name from information_schema.columns where column_name = 'tenant'
"""
_VIEWS = """
select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'portal') and c.relkind in ('v', 'm')
  and not coalesce(c.reloptions::text like '%%security_invoker=true%%', false)
"""


@pytest.fixture(scope="module")
def acting(system: System) -> Iterator[functions.Database]:
    """As the functions connect."""
    database = functions.Database(system.conninfo)
    yield database
    database.close()


def _kept(system: System, schema: str) -> list[str]:
    return [row["name"] for row in system.sql(_TABLES) if row["kept"] and row["name"].startswith(f"{schema}.")]


def test_every_table_is_kept_or_argued(system: System) -> None:
    assert {row["name"] for row in system.sql(_TABLES) if not row["kept"]} == set(OF_NOBODY)


def test_every_view_reads_as_who_asks_but_the_one_that_keeps_apart_itself(system: System) -> None:
    assert [row["name"] for row in system.sql(_VIEWS)] == ["own_orders"]


def test_without_a_tenant_there_is_nothing(system: System, orders: Database, own: Database, world: World) -> None:
    assert world.tenant
    for schema, database in (("public", orders), ("portal", own)):
        assert set(database.outside(_counted(_kept(system, schema), ""), {})[0].values()) == {0}
    for view in ("own_orders", "places", "targets"):
        assert orders.outside(f"select count(*) as rows from {view}", {}) == [{"rows": 0}], view


def test_a_tenant_reads_its_own_rows_of_every_table_and_no_others(
    system: System, orders: Database, own: Database, world: World
) -> None:
    owners = {row["name"] for row in system.sql(_OWNERS)}
    for schema, database in (("public", orders), ("portal", own)):
        kept = sorted(set(_kept(system, schema)) & owners)
        mine = _counted(kept, "where tenant = %(tenant)s")
        [there] = system.sql(mine.replace("%(tenant)s", f"'{world.tenant}'"))
        assert database.of(world.tenant)(_counted(kept, ""), {}) == [there]
        assert set(database.of(PLATFORM_TENANT)(mine, {"tenant": world.tenant})[0].values()) == {0}


def _counted(tables: list[str], condition: str) -> str:
    counts = ", ".join(f'(select count(*) from {table} {condition}) as "{table}"' for table in tables)
    return f"select {counts}"


@pytest.mark.parametrize("table", ["events", "tax_documents", "mails", "operation_items"])
def test_what_lies_behind_an_order_is_seen_with_it(orders: Database, world: World, table: str) -> None:
    counted, ids = (
        f"select count(*) as rows from {table} where order_id = any(%(ids)s::uuid[])",
        [world.good, world.bad],
    )
    assert orders.of(world.tenant)(counted, {"ids": ids})[0]["rows"] > 0
    assert orders.of(PLATFORM_TENANT)(counted, {"ids": ids}) == [{"rows": 0}]


def test_a_function_that_acts_for_one_tenant_writes_no_others_rows(acting: functions.Database, world: World) -> None:
    changed = "update orders set reason = 'x' where order_id = %(id)s returning order_id"
    with acting.acting_for(PLATFORM_TENANT):
        assert acting.query(changed, {"id": world.good}) == []
        with pytest.raises(MtdError):
            acting.query(
                "insert into operations (action, person, reason, selection, tenant)"
                " values ('a', 'p', 'r', '{}', %(t)s)",
                {"t": world.tenant},
            )
        with pytest.raises(MtdError):
            acting.query(
                "insert into events (order_id, who, source, what) values (%(id)s, 'w', 's', 'x')", {"id": world.good}
            )
        with pytest.raises(MtdError):
            acting.query("insert into tokens (order_id, node) values (%(id)s, 'n')", {"id": world.good})


def test_a_warm_functions_connection_keeps_nothing_of_its_last_caller(acting: functions.Database, world: World) -> None:
    counted = "select count(*) as rows, current_user as role from orders where order_id = %(id)s"
    with acting.acting_for(world.tenant):
        assert acting.query(counted, {"id": world.good}) == [{"rows": 1, "role": TENANTS_ROLE}]
        with pytest.raises(MtdError):
            acting.query("select 1 / 0")
    with acting.acting_for(PLATFORM_TENANT):
        assert acting.query(counted, {"id": world.good})[0]["rows"] == 0
    [row] = acting.query(counted, {"id": world.good})
    assert (row["rows"], row["role"] != TENANTS_ROLE) == (1, True)
    with acting.acting_for(PLATFORM_TENANT):
        acting.close()
        assert acting.query(counted, {"id": world.good})[0]["rows"] == 0


def test_a_pooled_connection_keeps_nothing_of_the_last_request(
    system: System, secrets: dict[str, str], world: World
) -> None:
    conninfo = psycopg.conninfo.make_conninfo(
        host="127.0.0.1",
        port=system.state["ports"]["postgres"],
        dbname="mtd",
        user="mtd_reader",
        password=secrets["reader"],
    )
    one = Database(conninfo, read_only=True, connections=1)
    one.open()
    try:
        asked = "select count(*) as rows, pg_backend_pid() as connection from orders"
        [first] = one.of(world.tenant)(asked, {})
        with pytest.raises(psycopg.Error):
            one.of(world.tenant)("select 1 / 0 from no_such_table", {})
        [after] = one.outside(asked, {})
        [platform] = one.of(PLATFORM_TENANT)(
            "select count(*) as rows from orders where order_id = %(id)s", {"id": world.good}
        )
    finally:
        one.close()
    assert first["rows"] == 2
    assert (after["rows"], after["connection"]) == (0, first["connection"])
    assert platform["rows"] == 0


def test_a_circuit_tells_each_tenant_how_many_of_its_own_orders_fail(
    system: System, orders: Database, world: World
) -> None:
    name = f"s-{world.mark}"
    system.sql("insert into circuits (system, failing) values (%s, %s::uuid[])", name, [world.good, world.bad])
    try:
        failing = [read_circuit(orders.of(tenant), name, 0.0)["failing"] for tenant in (world.tenant, PLATFORM_TENANT)]
    finally:
        system.sql("delete from circuits where system = %s", name)
    assert failing == [2, 0]


def test_each_tenant_watches_its_own_figures(orders: Database, world: World) -> None:
    class Queues:
        def queues(self) -> list[dict[str, object]]:
            return [{"name": "orders"}]

        def alarms(self) -> list[dict[str, object]]:
            return [{"name": "alarm"}]

        def legacy_tries(self) -> list[dict[str, object]]:
            return [{"system": "eom"}]

    feeds = LiveFeeds(orders, Queues())  # type: ignore[arg-type]
    own, platform, nobody = (
        feeds.of(tenant).snapshot() for tenant in (world.tenant, PLATFORM_TENANT, f"t-{uuid.uuid4().hex[:8]}")
    )
    assert own.now.ended == {"completed": 1, "exception": 1}
    assert (own.now.open_incidents, own.now.waiting) == (1, 1)
    assert (nobody.now.ended, nobody.now.open_incidents, nobody.now.states) == ({}, 0, ())
    assert (own.queues, own.alarms, own.tries) == ([], [], {})
    assert (platform.queues, platform.alarms) == ([{"name": "orders"}], [{"name": "alarm"}])
