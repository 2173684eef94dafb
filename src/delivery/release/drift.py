"""What was changed behind the deployment's back: resources against their templates, traffic against the last record."""

import time
from collections.abc import Iterator
from typing import Any

from delivery.release import record, served, traffic
from delivery.release.builds import PASSING
from delivery.release.record import Record
from delivery.release.target import Target
from devenv.problem import Problem

_DEADLINE_SECONDS = 900.0
# Its read handler calls secretsmanager:GetSecretValue, which the reviewing role must not be able to; one resource that
# cannot be read fails the whole detection.
_PASSED_OVER = frozenset({"AWS::SecretsManager::Secret"})


def found(target: Target) -> list[str]:
    """A sentence for each difference. Raises Problem when nothing has been deployed."""
    last = record.last(target)
    if last is None:
        raise Problem(
            f"Nothing is recorded in {target.bucket}: no build was deployed into {target.environment}.",
            fix=f"make deploy ENVIRONMENT={target.environment}",
        )
    return [*_traffic(target, last), *_code(target, last), *_parameters(target, last), *_resources(target)]


def _traffic(target: Target, last: Record) -> Iterator[str]:
    serving = traffic.serving(target)
    for name, version in sorted(last.versions.items()):
        now = serving.get(name)
        if now is not None and now != version:
            yield f"{name} serves version {now}; {version} was deployed"


def _code(target: Target, last: Record) -> Iterator[str]:
    """What each served version is made of against the artifact bucket: the alias may be right and the version not."""
    s3 = target.clients.client("s3")

    def of(key: str) -> str:
        return served.sha256(s3.get_object(Bucket=target.bucket, Key=key)["Body"].read())

    if not last.layer:
        return  # a record of before layers were kept; the next deployment keeps one
    yield from served.differences(
        target,
        served.Expected(
            functions={name: of(key) for name, key in last.code.items()},
            layer=of(last.layer),
            release=last.parameters.get("Release", ""),
        ),
    )


def _parameters(target: Target, last: Record) -> Iterator[str]:
    standing = target.stack.parameters()
    for name, value in sorted(last.parameters.items()):
        if target.emulated and name in PASSING:
            continue  # there neither new code nor a schedule's start goes through CloudFormation
        if standing.get(name, value) != value:
            yield f"parameter {name} is {standing[name]}; {value} was deployed"


def _resources(target: Target) -> Iterator[str]:
    """CloudFormation's own detection, in every nested stack."""
    if target.emulated:
        return  # LocalStack has none
    client = target.clients.client("cloudformation")
    resources = target.stack.resources()
    nested = [item.physical_id for item in resources if item.kind == "AWS::CloudFormation::Stack"]
    for stack in [target.stack.name, *nested]:
        name = stack.rpartition("stack/")[2].split("/")[0]
        within = [item for item in resources if item.stack == name]
        seen = [item.logical_id for item in within if item.kind not in _PASSED_OVER]
        _detect(client, stack, seen if len(seen) < len(within) else [])
        pages = client.get_paginator("describe_stack_resource_drifts").paginate(
            StackName=stack, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
        )
        for one in (drift for page in pages for drift in page["StackResourceDrifts"]):
            properties = ", ".join(each["PropertyPath"] for each in one.get("PropertyDifferences", []))
            told = f"{one['LogicalResourceId']} ({one['ResourceType']}) {one['StackResourceDriftStatus'].lower()}"
            yield f"{told}: {properties}" if properties else told


def _detect(client: Any, stack: str, only: list[str]) -> None:
    """`only` these logical ids; all of them without any."""
    names = {"LogicalResourceIds": only} if only else {}
    identifier = client.detect_stack_drift(StackName=stack, **names)["StackDriftDetectionId"]
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while True:
        told = client.describe_stack_drift_detection_status(StackDriftDetectionId=identifier)
        if told["DetectionStatus"] == "DETECTION_COMPLETE":
            return
        if told["DetectionStatus"] == "DETECTION_FAILED" or time.monotonic() > deadline:
            raise Problem(
                f"The drift of {stack} could not be detected: {told.get('DetectionStatusReason', 'too slow')}.",
                fix="Start it again; the role needs to read every resource of the stack.",
            )
        time.sleep(5)
