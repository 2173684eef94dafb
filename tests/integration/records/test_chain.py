"""The audit chain in PostgreSQL: what the trigger writes the domain can verify, and whoever goes past it is found."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from mtd.adapters.aws.objects import S3Objects
from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.records.chain import PostgresAudit
from mtd.domain.audit.chain import check_chain
from mtd.sql import load
from mtd.usecases.records.seal_days import seal_days
from mtd.usecases.records.verify_audit import verify_day, verify_page
from tests.integration.records.conftest import mtd
from tests.integration.system import System, until
from tests.support.orders import OrderFile

_INSERT = load("mtd.adapters.postgres.flow.changes")["insert_events"]
# Values that PostgreSQL and Python might write differently.
_DETAILS: list[dict[str, Any]] = [
    {},
    {"b": 1.50, "aa": 1e3, "a": -0.0001, "ñ": "€\u2028\u007f", "n": None, "t": [True, {"x": []}]},
    {"text": 'quotes " and \\ and / and \t\n\r\b\f\x01\x1f'},
    {"hops": [{"at": "2026-09-18T12:00:00+00:00", "ms": 0.1}]},
]


def events_of(*order_ids: str) -> Jsonb:
    return Jsonb(
        [
            {
                "order_id": order_id,
                "who": 'w"ñ€\\',
                "source": "PostgreSQL",
                "what": f"done\t{place}\x02",
                "from_state": None if place else "válida",
                "to_state": "b",
                "ms": place * 1.10 if place else None,
                "request_id": "r" if place else None,
                "detail": detail,
            }
            for place, detail in enumerate(_DETAILS)
            for order_id in order_ids
        ]
    )


def write(connection: psycopg.Connection, *order_ids: str) -> None:
    connection.execute(_INSERT.encode(), {"events": events_of(*order_ids)})


def broken_of(database: Database, order_id: str) -> tuple[str, int | None] | None:
    before = uuid.UUID(int=uuid.UUID(order_id).int - 1)
    [chain] = PostgresAudit(database).chains(before, 1)
    assert str(chain.order_id) == order_id
    found = check_chain(chain.order_id, chain.events, chain.head)
    return None if found is None else (found.kind.value, found.position)


def test_python_computes_the_hashes_of_the_trigger(connection: psycopg.Connection, database: Database) -> None:
    order_id = str(uuid.uuid4())
    write(connection, order_id)
    connection.execute("set timezone to 'America/Santiago'")
    write(connection, order_id)

    assert broken_of(database, order_id) is None


def test_events_written_at_once_follow_each_other(
    conninfo: str, connection: psycopg.Connection, database: Database
) -> None:
    order_ids = [str(uuid.uuid4()) for _ in range(5)]

    def writer(seed: int) -> None:
        with psycopg.connect(conninfo, autocommit=True) as own:
            for turn in range(10):
                write(own, *(order_ids if (seed + turn) % 2 else reversed(order_ids)))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(writer, range(6)))

    assert [broken_of(database, order_id) for order_id in order_ids] == [None] * 5
    [lengths] = connection.execute(
        "select array_agg(length) from event_chains where order_id = any(%s::uuid[])", (order_ids,)
    ).fetchall()
    assert lengths[0] == [6 * 10 * len(_DETAILS)] * 5


_TAMPER = {
    "changed": ("update events set detail = '{\"folio\": 2}' where order_id = %s and position = 2", ("changed", 2)),
    "moved": ("update events set at = at - interval '1 day' where order_id = %s and position = 3", ("changed", 3)),
    "removed": ("delete from events where order_id = %s and position = 2", ("removed", 3)),
    "last removed": ("delete from events where order_id = %s and position = 4", ("removed", 4)),
    "all removed": ("delete from events where order_id = %s", ("removed", 1)),
    "chain too": (
        "with e as (delete from events where order_id = %s and position > 1 returning order_id) "
        "delete from event_chains c using e where c.order_id = e.order_id",
        ("removed", None),
    ),
    "inserted": (
        "insert into events (order_id, who, source, what, position, salt, hash) "
        "select order_id, 'x', 'y', 'z', 3, salt, hash from events where order_id = %s and position = 2",
        ("inserted", 3),
    ),
    "inserted without a hash": (
        "insert into events (order_id, who, source, what) select order_id, 'x', 'y', 'z' from events "
        "where order_id = %s and position = 2",
        ("inserted", None),
    ),
}


@pytest.mark.parametrize("how", _TAMPER)
def test_a_change_past_the_trigger_is_found(how: str, connection: psycopg.Connection, database: Database) -> None:
    """As the owner, who can give themselves any right and switch triggers off."""
    order_id = str(uuid.uuid4())
    write(connection, order_id)
    statement, expected = _TAMPER[how]
    connection.execute("grant update, delete on events to current_user")
    with connection.transaction():
        connection.execute("alter table events disable trigger user")
        connection.execute(statement.encode(), (order_id,))
        connection.execute("alter table events enable trigger user")
    connection.execute("revoke update, delete on events from current_user")

    assert broken_of(database, order_id) == expected


@pytest.mark.parametrize(
    "statement",
    [
        "update events set what = 'x'",
        "delete from events",
        "truncate events",
        "delete from day_seals",
        "update day_seals set events = 0",
    ],
)
def test_not_even_the_owner_changes_events_and_seals(statement: str, connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
    with connection.transaction(force_rollback=True):
        connection.execute("grant update, delete, truncate on events, day_seals to current_user")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute(statement.encode())


def test_a_change_in_a_sealed_day_breaks_its_seal(
    connection: psycopg.Connection, database: Database, forge: Callable[[str], None]
) -> None:
    order_id = str(uuid.uuid4())
    now = datetime.now(UTC)
    for days in (4, 3):
        connection.execute(
            "insert into events (order_id, at, who, source, what) values (%s, %s, 'x', 'y', 'z')",
            (order_id, now - timedelta(days=days)),
        )
    audit = PostgresAudit(database)
    sealed = seal_days(audit, now + timedelta(hours=2))
    assert [seal.events for seal in sealed[:2]] == [1, 1]
    assert seal_days(audit, now) == []
    assert [verify_day(audit, seal.day) for seal in sealed[:2]] == [[], []]

    forge(order_id)

    # A forger who knows the form of chains leaves none of them broken. Only the seals show it.
    assert broken_of(database, order_id) is None
    assert [each["kind"] for each in verify_day(audit, sealed[0].day)] == ["seal"]
    page: dict[str, Any] = {"next": None}
    broken = []
    while True:
        page = verify_page(audit, page["next"], S3Objects(), "none")
        broken += [each for each in page["broken"] if each["kind"] == "seal"]
        if page["next"] is None:
            break
    assert [each["day"] for each in broken] == [str(sealed[0].day), str(sealed[1].day)]


@pytest.fixture
def forge(connection: psycopg.Connection) -> Callable[[str], None]:
    """Writes all events of an order anew, with hashes that fit."""

    def forging(order_id: str) -> None:
        connection.execute("grant update, delete on events to current_user")
        with connection.transaction():
            connection.execute("alter table events disable trigger events_append_only")
            connection.execute(
                "create temp table kept on commit drop as select * from events where order_id = %s", (order_id,)
            )
            connection.execute("delete from events where order_id = %s", (order_id,))
            connection.execute("delete from event_chains where order_id = %s", (order_id,))
            connection.execute(
                "insert into events (event_id, order_id, at, who, source, what) overriding system value "
                "select event_id, order_id, at, 'somebody else', source, what from kept order by position"
            )
            connection.execute("alter table events enable trigger events_append_only")
        connection.execute("revoke update, delete on events from current_user")

    return forging


def test_events_from_before_the_chain_are_chained_as_they_stand(system: System) -> None:
    """The migration on a database that has events already."""
    from importlib.resources import files

    from psycopg import sql
    from psycopg.conninfo import make_conninfo

    name = f"records_{uuid.uuid4().hex[:12]}"
    own = make_conninfo(system.conninfo(), dbname=name)
    scripts = sorted((f for f in files("mtd.migrations").iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    before = [script for script in scripts if script.name < "0009"]
    order_ids = [str(uuid.uuid4()) for _ in range(3)]
    with system.connect() as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            with psycopg.connect(own, autocommit=True) as connection:
                connection.execute(load("mtd.adapters.postgres.schema")["create_migrations"].encode())
                for script in before:
                    connection.execute(script.read_text("utf-8").encode())
                write(connection, *order_ids)
                for script in scripts[len(before) :]:
                    connection.execute(script.read_text("utf-8").encode())
                write(connection, *order_ids)
            database = Database(lambda: own)
            assert [broken_of(database, order_id) for order_id in order_ids] == [None] * 3
            database.close()
        finally:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def test_the_command_verifies_an_order_that_came_through(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")

    # The mail's event may come after the order's end.
    verification = until(
        lambda: mtd(system, "audit", "verify", "--order", number), lambda answer: answer["events"] >= 8
    )
    assert (verification["orders"], verification["broken"]) == (1, [])
    assert set(system.invoke("keep_records", {})) == {"sealed", "broken", "invariants", "archived"}
