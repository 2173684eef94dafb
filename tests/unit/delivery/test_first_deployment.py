"""A creation that fails leaves nothing behind, so that it can be tried again; and nothing runs before the migration."""

from collections.abc import Iterator
from typing import Any

from tests.unit.delivery.test_function_templates import functions

from delivery.packaging.template import load
from devenv.instance import PROJECT

FOLDER = PROJECT / "cloudformation"


def _resources() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in (FOLDER / "bootstrap.yaml", *sorted((FOLDER / "stacks").rglob("*.yaml"))):
        for name, resource in load(path)["Resources"].items():
            if isinstance(resource, dict):
                yield f"{path.stem}/{name}", resource


def test_what_is_retained_is_not_when_its_creation_fails() -> None:
    """CloudFormation, DeletionPolicy: RetainExceptOnCreate deletes a resource if the operation that created it is
    rolled back. A plain Retain leaves a bucket whose fixed name the next try cannot have."""
    kept = {name: each["DeletionPolicy"] for name, each in _resources() if "DeletionPolicy" in each}
    assert len(kept) >= 11
    assert {name: policy for name, policy in kept.items() if policy not in {"RetainExceptOnCreate", "Snapshot"}} == {}


def test_what_is_retained_is_retained_when_it_is_replaced_too() -> None:
    """UpdateReplacePolicy knows Delete, Retain and Snapshot; RetainExceptOnCreate is DeletionPolicy's alone."""
    kept = {name: each for name, each in _resources() if each.get("DeletionPolicy") == "RetainExceptOnCreate"}
    assert [name for name, each in kept.items() if each.get("UpdateReplacePolicy") != "Retain"] == []


def test_every_schedule_stands_still_during_the_first_deployment() -> None:
    """The database's users are made by the migration, which comes when the whole stack stands: a schedule of every
    minute would fail until then, and its alarms would fail the smoke."""
    schedules = [
        event["Properties"]
        for _, properties in functions()
        for event in properties.get("Events", {}).values()
        if event["Type"].startswith("Schedule")
    ]
    assert len(schedules) == 5
    assert all(each.get("State") == {"Fn::If": ["IsFirstDeployment", "DISABLED", "ENABLED"]} for each in schedules)


def test_protection_from_deletion_waits_until_the_creation_has_succeeded() -> None:
    resources = dict(_resources())
    database = resources["database/Database"]["Properties"]
    assert database["DeletionProtection"] == {"Fn::If": ["IsProtected", True, False]}
    attributes = resources["portal/LoadBalancer"]["Properties"]["LoadBalancerAttributes"]
    values = {each["Key"]: each["Value"] for each in attributes}
    assert values["deletion_protection.enabled"] == {"Fn::If": ["IsProtected", "true", "false"]}
    for stack, parameter in (("platform/database", "FirstDeployment"), ("platform/portal", "FirstPortal")):
        condition = load(FOLDER / "stacks" / f"{stack}.yaml")["Conditions"]["IsProtected"]
        assert condition == {"Fn::Equals": [{"Ref": parameter}, "false"]}


def test_there_is_no_portal_without_the_zone_that_proves_its_certificate() -> None:
    """AWS::CertificateManager::Certificate stays CREATE_IN_PROGRESS until DNS proves it."""
    needed = load(FOLDER / "template.yaml")["Conditions"]["HasPortal"]["Fn::And"]
    assert {"Fn::Not": [{"Fn::Equals": [{"Ref": "HostedZoneId"}, "none"]}]} in needed
