"""The gate against a standing staging, and what an account needs before a deployment."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from delivery.deployment.changes import Change, ensure_kept
from delivery.deployment.stack import Stack
from delivery.targets.rehearsal import RehearsalTarget
from devenv.aws import Clients
from devenv.problem import Problem
from tests.integration.aws.deployed import BUCKET, Deployed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("aws")]

ROOT_KEY = "reviewed.json"
ACCOUNT = "000000000000"


def _review(deployed: Deployed, stack: str, edit: Callable[[dict[str, Any]], None]) -> list[Change]:
    """The changes of staging if one of its nested templates were edited so."""
    s3 = deployed.client("s3")

    def read(key: str) -> Any:
        return json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def put(key: str, body: Any) -> None:
        s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(body).encode())

    root = read("root.json")
    place = root["Resources"][stack]["Properties"]
    nested = read(place["TemplateURL"].rpartition(f"/{BUCKET}/")[2])
    edit(nested["Resources"])
    put(f"reviewed-{stack}.json", nested)
    place["TemplateURL"] = f"{deployed.localstack.endpoint}/{BUCKET}/reviewed-{stack}.json"
    put(ROOT_KEY, root)
    target = RehearsalTarget(
        environment="staging",
        clients=Clients(deployed.localstack.endpoint),
        bucket=BUCKET,
        address=deployed.localstack.endpoint,
        bake_seconds=0.0,
        look_seconds=0.1,
    )
    url = f"{deployed.localstack.endpoint}/{BUCKET}/{ROOT_KEY}"
    name = target.stack.propose(url, target.stack.parameters(), kind="UPDATE")
    assert name is not None
    try:
        return target.changes_of(name, ROOT_KEY)
    finally:
        target.stack.discard(name)


def test_a_queue_renamed_and_another_removed_stop_at_the_gate(deployed: Deployed) -> None:
    def edit(resources: dict[str, Any]) -> None:
        resources["OrdersQueue"]["Properties"]["QueueName"] = "other"
        del resources["FailuresQueue"]["Properties"]["MessageRetentionPeriod"]
        del resources["WaitingQueue"]

    changes = _review(deployed, "Messaging", edit)

    found = {change.name: (change.action, change.replacement) for change in changes}
    assert found["Messaging/OrdersQueue"] == ("Modify", "True")
    assert found["Messaging/FailuresQueue"] == ("Modify", "False")
    assert found["Messaging/WaitingQueue"][0] == "Remove"
    with pytest.raises(Problem) as stopped:
        ensure_kept(changes, ())
    assert "Messaging/OrdersQueue (AWS::SQS::Queue: replaced)" in stopped.value.sentence
    assert "Messaging/WaitingQueue (AWS::SQS::Queue: removed)" in stopped.value.sentence
    assert "FailuresQueue" not in stopped.value.sentence
    ensure_kept(changes, ["Messaging/OrdersQueue", "Messaging/WaitingQueue"])


def test_another_name_for_the_database_stops_and_more_storage_does_not(deployed: Deployed) -> None:
    def grow(resources: dict[str, Any]) -> None:
        resources["Database"]["Properties"]["AllocatedStorage"] = "200"

    def rename(resources: dict[str, Any]) -> None:
        resources["Database"]["Properties"]["DBInstanceIdentifier"] = "other"

    ensure_kept(_review(deployed, "Database", grow), ())
    with pytest.raises(Problem, match=r"Database/Database .AWS::RDS::DBInstance"):
        ensure_kept(_review(deployed, "Database", rename), ())


def test_the_bootstrap_admits_only_the_repositorys_environment(deployed: Deployed) -> None:
    outputs = Stack(deployed.client("cloudformation"), "mtd-bootstrap-staging").outputs()

    assert outputs["ArtifactBucket"] == "mtd-artifacts-staging-000000000000"
    iam = deployed.client("iam")
    for name, subject in (("deploy", "environment:staging"), ("review", "environment:staging-review")):
        role = iam.get_role(RoleName=f"mtd-staging-{name}")["Role"]
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        equals = statement["Condition"]["StringEquals"]
        assert equals["token.actions.githubusercontent.com:sub"] == f"repo:retailer@1/mtd@2:{subject}"
        assert role["Arn"] == outputs[f"{name.capitalize()}RoleArn"]


def test_the_bootstrap_tells_the_records_that_prove_the_senders_domain(deployed: Deployed) -> None:
    outputs = Stack(deployed.client("cloudformation"), "mtd-bootstrap-staging").outputs()
    for number in (1, 2, 3):
        assert "._domainkey.staging.mtd.example CNAME " in outputs[f"MailDkim{number}"]
    assert outputs["MailFromMx"] == "bounce.staging.mtd.example MX 10 feedback-smtp.us-west-2.amazonses.com"


def test_every_role_of_the_stack_is_within_the_boundary(deployed: Deployed) -> None:
    roles = [item.physical_id for _, item in deployed.named_resources() if item.kind == "AWS::IAM::Role"]
    iam = deployed.client("iam")
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/mtd-staging-boundary"
    free = [
        name
        for name in roles
        if iam.get_role(RoleName=name)["Role"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") != boundary
    ]
    assert len(roles) > 30
    assert free == []
