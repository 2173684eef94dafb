"""Migrations of a real database keep the hash of what was applied."""

import pytest

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.schema import PostgresSchema
from mtd.domain.errors import ConfigurationError


def test_an_edited_migration_stops_a_deployment_and_an_older_one_gets_its_hash(conninfo: str) -> None:
    database = Database(lambda: conninfo)
    schema = PostgresSchema(database)
    assert schema.migrate() == []
    database.query("update migrations set hash = null where name = '0001_order_flow.sql'")
    assert schema.migrate() == []
    assert database.query("select count(*) as without from migrations where hash is null") == [{"without": 0}]

    database.query("update migrations set hash = 'other' where name = '0001_order_flow.sql'")
    with pytest.raises(ConfigurationError, match=r"0001_order_flow\.sql was edited"):
        schema.migrate()
    database.close()
