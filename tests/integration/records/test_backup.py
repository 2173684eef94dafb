"""A backup of the running system: restored beside it, row by row, and a difference is seen."""

import os
import uuid
from pathlib import Path

import psycopg
import pytest

from devenv.backup.comparison import compared, tables
from devenv.backup.database import DatabaseBackup
from devenv.backup.objects import Bucket
from devenv.instance import PROJECT, Instance
from devenv.passwords import InstancePasswords
from tests.integration.system import System
from tests.support.orders import OrderFile

pytestmark = pytest.mark.xdist_group("backup")


def test_the_database_is_restored_row_by_row(system: System, number: str, tmp_path: Path) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")
    instance = Instance.from_env(os.environ | {"MTD_INSTANCE": system.state["instance"]}, PROJECT)
    port = system.state["ports"]["postgres"]
    backup = DatabaseBackup(instance, port)

    before = backup.dump(tmp_path / "dump")
    try:
        after = backup.restore(tmp_path / "dump")
        assert {"public.orders", "public.events", "portal.users"} <= before.keys()
        assert before["public.events"].rows >= 8
        assert [row for row in compared(before, after) if not row[3]] == []

        password = InstancePasswords.of(instance).postgres
        with psycopg.connect(
            host="127.0.0.1", port=port, user="postgres", password=password, dbname="mtd_restored", autocommit=True
        ) as connection:
            found = connection.execute("select pg_get_userbyid(proowner) from pg_proc where proname = 'forget_events'")
            assert found.fetchall() == [("mtd_records",)]
            connection.execute("update orders set total = total + 1 where number = %s", (number,))
            connection.execute("delete from circuits where system = 'eom'")
            changed = [row[0] for row in compared(before, tables(connection)) if not row[3]]
        assert changed == ["public.circuits", "public.orders"]
    finally:
        backup.drop()


def test_a_buckets_objects_are_put_unheard(system: System, tmp_path: Path) -> None:
    s3, name = system.aws("s3"), f"backup-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": system.state["region"]})
    for key in ("orders/a b.xml", "orders/ñ/c.xml"):
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
    saved = Bucket(s3, name, tmp_path / "objects").save()
    for key in saved:
        s3.delete_object(Bucket=name, Key=key)

    assert Bucket(s3, name, tmp_path / "objects").load() == saved
    assert sorted(saved) == ["orders/a b.xml", "orders/ñ/c.xml"]
