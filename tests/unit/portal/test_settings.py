"""The portal's settings, and that its container gets exactly those in every place where it runs."""

import re
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.unit.delivery import test_budget

from delivery.packaging.template import load
from devenv.backends import portal as local
from devenv.instance import PROJECT, Instance
from mtd.domain.errors import ConfigurationError
from portal import services
from portal.settings import BalancerLogin, Settings

NEEDED = {
    "PORTAL_READER": "dbname=mtd user=mtd_reader",
    "PORTAL_DATABASE": "dbname=mtd user=mtd_portal",
    "API_URL": "https://api.example/live/",
    "AWS_REGION": "us-west-2",
    "PORTAL_ASSETS": "/assets",
}
SECRET = (
    '{"username": "mtd_reader", "password": "a b\'c\\\\", "host": "db.example", "port": 5432, "dbname": "mtd",'
    ' "sslmode": "require", "engine": "postgres"}'
)
# AWS's own; read by boto3, not by us.
BOTO3 = {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
LOCAL_ONLY = {"PORTAL_MAIL_INBOX"}
AWS_ONLY = {
    "PORTAL_SECURE",
    "PORTAL_OIDC_SIGNER",
    "PORTAL_OIDC_ISSUER",
    "PORTAL_OIDC_CLIENT",
    "PORTAL_OIDC_KEYS",
    "PORTAL_OIDC_ADMINISTRATOR",
}


def read_by_the_portal() -> set[str]:
    source = (PROJECT / "src" / "portal" / "settings.py").read_text("utf-8")
    return set(re.findall(r'"((?:PORTAL|API|AWS)_[A-Z_]+)"', source))


def set_in_the_image() -> set[str]:
    dockerfile = (PROJECT / "src" / "portal" / "Dockerfile").read_text("utf-8")
    return set(re.findall(r"(PORTAL_[A-Z_]+)=", dockerfile))


def names(items: list[Any]) -> set[str]:
    """Of ECS's variables, whatever condition they are under."""
    found = set()
    for item in items:
        branches = item["Fn::If"][1:] if "Fn::If" in item else [item]
        found |= {branch["Name"] for branch in branches if "Name" in branch}
    return found


def test_on_aws_it_gets_what_it_reads_and_nothing_else() -> None:
    task = load(PROJECT / "cloudformation" / "stacks" / "platform" / "portal.yaml")["Resources"]["Task"]
    [container] = task["Properties"]["ContainerDefinitions"]
    given = names(container["Environment"]) | names(container["Secrets"])

    assert given | set_in_the_image() == read_by_the_portal() - LOCAL_ONLY


def test_in_the_local_homes_it_gets_what_it_reads_and_nothing_else(tmp_path: Path) -> None:
    instance = Instance(name="one", project=PROJECT, environ={"MTD_HOME": str(tmp_path)})
    document = {"ports": {"postgres": 1}, "endpoint": "http://127.0.0.1:4566", "api_url": "http://127.0.0.1:4566/x"}
    given = local.settings(instance, document, database=("postgres", 5432), emulator="localstack")

    assert set(given) | set_in_the_image() == (read_by_the_portal() | BOTO3) - AWS_ONLY
    assert given["API_URL"] == "http://localstack:4566/x"
    assert conninfo_to_dict(given["PORTAL_READER"])["host"] == "postgres"


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match="PORTAL_READER, PORTAL_DATABASE, API_URL, AWS_REGION, PORTAL_ASSETS"):
        Settings.from_env({})
    with pytest.raises(ConfigurationError, match="PORTAL_OIDC_ISSUER, PORTAL_OIDC_CLIENT, PORTAL_OIDC_KEYS"):
        Settings.from_env(NEEDED | {"PORTAL_OIDC_SIGNER": "arn"})


def test_a_secret_is_a_connection_string_too() -> None:
    read = conninfo_to_dict(Settings.from_env(NEEDED | {"PORTAL_READER": SECRET}).reader)

    assert read == {
        "user": "mtd_reader",
        "password": "a b'c\\",
        "host": "db.example",
        "port": "5432",
        "dbname": "mtd",
        "sslmode": "require",
    }


@pytest.mark.parametrize("wrong", ["{", "{}", '{"username": "x"}'])
def test_a_secret_of_something_else_is_said_to_be_none(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="PORTAL_DATABASE is no secret of a database user"):
        Settings.from_env(NEEDED | {"PORTAL_DATABASE": wrong})


def test_the_balancer_logs_people_in_only_where_its_signer_is_known() -> None:
    oidc = {
        "PORTAL_OIDC_SIGNER": "",
        "PORTAL_OIDC_ISSUER": "",
        "PORTAL_OIDC_CLIENT": "",
        "PORTAL_OIDC_KEYS": "https://keys.example",
    }
    assert Settings.from_env(NEEDED | oidc).balancer is None
    balancer = oidc | {"PORTAL_OIDC_SIGNER": "arn", "PORTAL_OIDC_ISSUER": "i", "PORTAL_OIDC_CLIENT": "c"}
    assert Settings.from_env(NEEDED | balancer | {"PORTAL_OIDC_ADMINISTRATOR": " Ana@Retailer.example"}).balancer == (
        BalancerLogin(
            signer="arn", issuer="i", client="c", keys="https://keys.example", administrator="ana@retailer.example"
        )
    )


def test_the_budget_of_connections_reckons_with_its_pools() -> None:
    assert services.READER_CONNECTIONS + services.OWN_CONNECTIONS == test_budget.PORTAL_POOL
