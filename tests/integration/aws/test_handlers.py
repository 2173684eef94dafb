"""CloudFormation's role against what the handlers of our resource types call, as far as the emulator has their
schemas."""

import json
import re
from collections.abc import Iterator

import pytest

from devenv.instance import PROJECT
from tests.integration.executor.bare_localstack import interpreter
from tests.unit.delivery.roles import allowing

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("aws")]

# Of resources that SAM makes.
MADE = """
AWS::ApiGateway::Deployment AWS::ApiGateway::RestApi AWS::ApiGateway::Stage AWS::Events::Rule AWS::IAM::Role
AWS::Lambda::Alias AWS::Lambda::EventSourceMapping AWS::Lambda::Function AWS::Lambda::LayerVersion AWS::Lambda::Version
AWS::StepFunctions::StateMachine
""".split()
# What handlers call for properties that no template of ours has, and what is no action of IAM at all.
OTHERS = """
elasticfilesystem:DescribeMountTargets firehose:TagDeliveryStream kms:Disable* s3:Delete* s3:PutObjectAcl s3:REST.*
s3tables:* autoscaling:* iam:*OpenIDConnectProvider* iam:DeleteRolePermissionsBoundary vpc-lattice:* vpce:*
iam:AttachGroupPolicy iam:AttachUserPolicy iam:DetachGroupPolicy iam:DetachUserPolicy s3:*MetadataTable*
""".split()


def _types() -> set[str]:
    folder = PROJECT / "cloudformation"
    text = "\n".join(path.read_text("utf-8") for path in (folder / "bootstrap.yaml", *folder.glob("stacks/**/*.yaml")))
    found = re.findall(r"Type: (AWS::\w+::\w+)$", text, re.MULTILINE)
    return {kind for kind in found if "Serverless" not in kind} | set(MADE)


def _handlers() -> Iterator[tuple[str, str]]:
    """Each type with an action that its handlers call."""
    types, emulator = _types(), interpreter("MTD_EMULATOR_PYTHON", "emulator").parents[1]
    for path in emulator.rglob("localstack/services/*/resource_providers/*.schema.json"):
        schema = json.loads(path.read_text("utf-8"))
        if schema["typeName"] not in types:
            continue
        for name, handler in schema.get("handlers", {}).items():
            if name != "list":
                yield from ((schema["typeName"], action) for action in handler.get("permissions", []))


def test_what_handlers_call_is_allowed() -> None:
    called = set(_handlers())
    assert len({kind for kind, _ in called}) > 25
    other = re.compile("|".join(pattern.replace(".", r"\.").replace("*", ".*") for pattern in OTHERS))
    denied = {item for item in called if not allowing("CloudFormationRole", item[1]) and not other.fullmatch(item[1])}
    assert denied == set()
