"""Changes that no deployment made: resources differ from their templates, or traffic from the last record."""

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any

from delivery.release import record, traffic
from delivery.release.record import DeploymentRecord
from delivery.targets.target import Target
from devenv.problem import Problem

_DEADLINE_SECONDS = 900.0


def found(target: Target) -> list[str]:
    """A sentence for each difference. Raises Problem when nothing has been deployed."""
    last = record.last(target)
    if last is None:
        raise Problem(
            f"Nothing is recorded in {target.bucket}: no build was deployed into {target.environment}.",
            fix=f"make deploy ENVIRONMENT={target.environment}",
        )
    return [*_traffic(target, last), *_code(target, last), *_parameters(target, last), *_resources(target)]


def _traffic(target: Target, last: DeploymentRecord) -> Iterator[str]:
    serving = traffic.serving(target)
    for name, version in sorted(last.versions.items()):
        now = serving.get(name)
        if now is None:
            yield f"{name} has no alias {traffic.ALIAS} any more"
        elif now != version:
            yield f"{name} serves version {now}; {version} was deployed"


def _code(target: Target, last: DeploymentRecord) -> Iterator[str]:
    """The code of each served version against the artifact bucket's: the alias may be right and the version not."""
    client, s3 = target.clients.client("lambda"), target.clients.client("s3")
    for name, version in sorted(traffic.serving(target).items()):
        key = last.code.get(name.removeprefix(target.prefix))
        if key is None:
            yield f"{name} is a function that the build does not know"
            continue
        body = s3.get_object(Bucket=target.bucket, Key=key)["Body"].read()
        built = base64.b64encode(hashlib.sha256(body).digest()).decode()
        served = client.get_function_configuration(FunctionName=name, Qualifier=version)["CodeSha256"]
        if served != built:
            yield f"{name} serves code that is not build {last.digest[:12]}'s"


def _parameters(target: Target, last: DeploymentRecord) -> Iterator[str]:
    standing = target.stack.parameters()
    for name, value in sorted(last.parameters.items()):
        if standing.get(name, value) != value:
            yield f"parameter {name} is {standing[name]}; {value} was deployed"


def _resources(target: Target) -> Iterator[str]:
    """CloudFormation's own detection, in every nested stack."""
    if target.emulated:
        return  # LocalStack has none
    client = target.clients.client("cloudformation")
    nested = [item.physical_id for item in target.stack.resources() if item.kind == "AWS::CloudFormation::Stack"]
    for stack in [target.stack.name, *nested]:
        _detect(client, stack)
        pages = client.get_paginator("describe_stack_resource_drifts").paginate(
            StackName=stack, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
        )
        for one in (drift for page in pages for drift in page["StackResourceDrifts"]):
            properties = ", ".join(each["PropertyPath"] for each in one.get("PropertyDifferences", []))
            resource = f"{one['LogicalResourceId']} ({one['ResourceType']}) {one['StackResourceDriftStatus'].lower()}"
            yield f"{resource}: {properties}" if properties else resource


def _detect(client: Any, stack: str) -> None:
    identifier = client.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while True:
        status = client.describe_stack_drift_detection_status(StackDriftDetectionId=identifier)
        if status["DetectionStatus"] == "DETECTION_COMPLETE":
            return
        if status["DetectionStatus"] == "DETECTION_FAILED" or time.monotonic() > deadline:
            raise Problem(
                f"The drift of {stack} could not be detected: {status.get('DetectionStatusReason', 'too slow')}.",
                fix="Start it again; the role needs to read every resource of the stack.",
            )
        time.sleep(5)
