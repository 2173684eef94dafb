"""The users that migrate_database makes where the database is RDS's, by an administrator who can do what RDS's can."""

import json

import psycopg
import pytest
from psycopg import errors
from tests.integration.devenv.test_postgres import _up

from devenv.backends import postgres
from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import HOST
from devenv.processes.supervision import Supervision
from mtd.adapters.postgres.database import Database, conninfo_from_secret
from mtd.adapters.postgres.schema import PostgresSchema
from mtd.adapters.postgres.users import PostgresUsers

DATABASE = "shop"
type Secrets = dict[str, str]


def _connect(port: int, user: str, password: str, dbname: str = DATABASE) -> psycopg.Connection:
    return psycopg.connect(host=HOST, port=port, user=user, password=password, dbname=dbname, autocommit=True)


@pytest.fixture
def port(instance: Instance, supervision: Supervision) -> int:
    port = _up(instance, supervision)
    with _connect(port, "postgres", InstancePasswords.of(instance).postgres, postgres.DATABASE) as server:
        # There nobody has made it yet.
        server.execute("drop role mtd_tenant")
        # As RDS makes its master user: no superuser, but it may make users and hand on the right to read.
        server.execute("create role administrator login createrole createdb password 'first'")
        # There the administrator makes it, as the users.
        server.execute("drop role mtd_records")
        server.execute("grant pg_read_all_data to administrator with admin option")
        server.execute(f"create database {DATABASE} owner administrator")
    return port


def _secret(port: int, user: str, password: str) -> str:
    where = {"host": HOST, "port": port, "dbname": DATABASE}
    return json.dumps({"username": user, "password": password, **where})


def _users(secrets: Secrets) -> PostgresUsers:
    return PostgresUsers(secrets.__getitem__, administrator="a", owner="o", reader="r", portal="p")


def test_the_owner_writes_the_reader_reads_and_a_new_secret_is_a_new_password(port: int) -> None:
    secrets = {
        "a": json.dumps({"username": "administrator", "password": "first"}),
        "o": _secret(port, "shop_owner", "it's"),
        "r": _secret(port, "shop_reader", "r-1"),
        "p": _secret(port, "shop_portal", "p-1"),
    }
    assert _users(secrets).ensure() == ["shop_owner", "shop_reader", "shop_portal"]

    with _connect(port, "shop_owner", "it's") as owner, _connect(port, "shop_reader", "r-1") as reader:
        owner.execute("set role mtd_tenant; reset role")
        owner.execute("create table orders as select 1 as number")
        owner.execute("create table passwords as select 1 as number")
        owner.execute("grant select on orders to shop_reader")
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute("select number from passwords")
        assert reader.execute("select number from orders").fetchone() == (1,)
        with pytest.raises(errors.ReadOnlySqlTransaction):
            reader.execute("insert into orders values (2)")
        reader.execute("set default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute("insert into orders values (2)")

    secrets["o"] = _secret(port, "shop_owner", "o-2")
    assert _users(secrets).ensure() == ["shop_owner", "shop_reader", "shop_portal"]
    with _connect(port, "shop_portal", "p-1") as portal, pytest.raises(errors.InsufficientPrivilege):
        portal.execute("select number from orders")
    with _connect(port, "shop_owner", "o-2") as owner:
        assert owner.execute("select number from orders").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        _connect(port, "shop_owner", "it's")


def test_the_owner_migrates_without_the_rights_of_the_archiving_role(port: int) -> None:
    secrets = {
        "a": json.dumps({"username": "administrator", "password": "first"}),
        "o": _secret(port, "shop_owner", "o-1"),
        "r": _secret(port, "shop_reader", "r-1"),
        "p": _secret(port, "shop_portal", "p-1"),
    }
    for _ in range(2):
        _users(secrets).ensure()
    database = Database(lambda: conninfo_from_secret(secrets["o"]))

    assert PostgresSchema(database).migrate()[-1] >= "0013_archive.sql"

    database.close()
    with _connect(port, "shop_owner", "o-1") as owner:
        assert owner.execute("select records.forget_events('{}')").fetchone() == (0,)
        with pytest.raises(errors.InsufficientPrivilege):
            owner.execute("delete from events")


def test_no_password_reaches_the_servers_log(port: int, instance: Instance) -> None:
    """As RDS has it: log_statement is ddl, and `alter role` is such a statement."""
    with _connect(port, "postgres", InstancePasswords.of(instance).postgres, postgres.DATABASE) as server:
        server.execute("alter role administrator set log_statement = 'ddl'")
    passwords = {user: f"secret-of-{user}" for user in ("shop_owner", "shop_reader", "shop_portal")}
    secrets = dict(zip("orp", (_secret(port, *item) for item in passwords.items()), strict=True))
    secrets["a"] = json.dumps({"username": "administrator", "password": "first"})

    _users(secrets).ensure()
    _users(secrets).ensure()

    written = "".join(path.read_text("utf-8", "replace") for path in instance.logs.rglob("postgres*"))
    assert 'alter role "shop_owner" login password \'SCRAM-SHA-256$' in written
    assert [user for user, password in passwords.items() if password in written] == []
