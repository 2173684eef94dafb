"""Deployments publish the seed's processes: what a person has activated or retired stays."""

import pytest

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.processes.processes import PostgresVersions
from mtd.adapters.postgres.schema import PostgresSchema
from mtd.adapters.postgres.tenants.tenants import PostgresTenants
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.engine.model import plan_json
from tests.unit.support.fakes import PLAN

DOCUMENT = plan_json.to_json(PLAN)


@pytest.fixture
def process(database: Database) -> str:
    """A process of its own name, published once for the platform tenant and for `andes`."""
    PostgresTenants(database).add("andes", "Andes", None, "purchase-order")
    name = f"p-{database.query('select count(*) as n from process_versions')[0]['n']}"
    PostgresSchema(database).publish(name, DOCUMENT, "<first/>", "first")
    return name


def versions(database: Database, process: str, tenant: str) -> list[tuple[int, bool, bool]]:
    """Each version: its number, whether it is active, whether it is retired."""
    rows = database.query(
        "select version, active, retired_at is not null as retired from process_versions"
        " where tenant = %(tenant)s and process = %(process)s order by version",
        {"tenant": tenant, "process": process},
    )
    return [(row["version"], row["active"], row["retired"]) for row in rows]


def test_a_new_diagram_is_activated_where_no_person_has_decided(database: Database, process: str) -> None:
    assert PostgresSchema(database).publish(process, DOCUMENT, "<second/>", "second") == 2

    for tenant in (PLATFORM_TENANT, "andes"):
        assert versions(database, process, tenant) == [(1, False, False), (2, True, False)]


def test_a_version_that_a_person_retired_is_not_activated_again(database: Database, process: str) -> None:
    with PostgresTenants(database).acting_for("andes"):
        assert PostgresVersions(database).retire(process, 1)

    assert PostgresSchema(database).publish(process, DOCUMENT, "<first/>", "first") == 1
    PostgresSchema(database).publish(process, DOCUMENT, "<second/>", "second")

    assert versions(database, process, "andes") == [(1, False, True), (2, False, False)]
    assert versions(database, process, PLATFORM_TENANT) == [(1, False, False), (2, True, False)]


def test_a_version_that_a_person_activated_stays_active(database: Database, process: str) -> None:
    PostgresSchema(database).publish(process, DOCUMENT, "<second/>", "second")
    with PostgresTenants(database).acting_for(PLATFORM_TENANT):
        assert PostgresVersions(database).activate(process, 1)

    PostgresSchema(database).publish(process, DOCUMENT, "<second/>", "second")
    PostgresSchema(database).publish(process, DOCUMENT, "<third/>", "third")

    assert versions(database, process, PLATFORM_TENANT) == [(1, True, False), (2, False, False), (3, False, False)]
