"""Small sources, and an account of AWS as a deployment sees it, in memory."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from botocore.exceptions import ClientError

from delivery.targets.account import AccountTarget
from devenv.aws import Clients

FILES = {
    "cloudformation/template.yaml": """
Parameters: {Environment: {Type: String}}
Resources:
  Functions: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: stacks/functions.yaml}}
""",
    "cloudformation/stacks/functions.yaml": """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub 'mtd-${Environment}-migrate_database', CodeUri: ../../src/lambdas/f}
  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: ../../src/shared}}
""",
    "cloudformation/environments/staging.json": '[{"ParameterKey": "Environment", "ParameterValue": "staging"}]',
    "src/lambdas/f/handler.py": "def handler(e, c): return 1\n",
    "src/shared/mtd/migrations/0001_a.sql": "create table a (id int);\n",
    "seed/processes/order.bpmn": "<bpmn/>",
    "seed/orders/CL-2026-000001.xml": (
        '<Order xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
        "<cbc:ID>1</cbc:ID></Order>"
    ),
}


def sources_in(folder: Path) -> Path:
    """Writes a small project; its root."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code}: it does not exist"}}, "call")


class Pages:
    def __init__(self, make: Callable[..., list[dict[str, Any]]]) -> None:
        self._make = make

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        yield from self._make(**arguments)


class Account:
    """One stack with functions `mtd-staging-a` and `-b`; `deploys` says what its next change set does. `calls` keeps
    what was done, in order."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.aliases = {"mtd-staging-a": "1", "mtd-staging-b": "1", "mtd-local-a": "9"}
        self.alarms: list[str] = []
        self.changes: list[dict[str, Any]] = [_modified("AWS::Lambda::Function", "False")]
        self.calls: list[str] = []
        self.after_execution: Callable[[], None] = lambda: None
        self.orders: list[dict[str, Any]] = []
        self.status: str | None = "UPDATE_COMPLETE"
        self.alarms_end_when_traffic_moves = False

    def client(self, _service: str) -> "Account":
        return self

    def get_paginator(self, name: str) -> Pages:
        return Pages(getattr(self, f"_{name}"))

    def get_waiter(self, _name: str) -> "Account":
        return self

    @property
    def config(self) -> Any:
        return type("Config", (), {})()

    def wait(self, **_: Any) -> None: ...

    # S3

    def put_object(self, Bucket: str, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803
        self.objects[f"{Bucket}/{Key}"] = Body
        if Key.startswith("orders/"):
            self.calls.append("smoke")

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if f"{Bucket}/{Key}" not in self.objects:
            raise refusal("NoSuchKey")
        return {"Body": io.BytesIO(self.objects[f"{Bucket}/{Key}"])}

    # Lambda

    def _list_functions(self) -> list[dict[str, Any]]:
        return [{"Functions": [{"FunctionName": name} for name in self.aliases]}]

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, str]:  # noqa: N803
        assert Name == "live"
        return {"FunctionVersion": self.aliases[FunctionName]}

    def update_alias(self, FunctionName: str, FunctionVersion: str, **_: Any) -> None:  # noqa: N803
        self.calls.append(f"{FunctionName} to {FunctionVersion}")
        self.aliases[FunctionName] = FunctionVersion
        if self.alarms_end_when_traffic_moves:
            self.alarms = []

    def publish_layer_version(self, **_: Any) -> dict[str, str]:
        return {"LayerVersionArn": "layer:2"}

    def update_function_code(self, **_: Any) -> None: ...

    def update_function_configuration(self, **_: Any) -> None: ...

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        answer: dict[str, Any] = {}
        if "migrate_database" in FunctionName:
            self.calls.append(f"migrated by {FunctionName.rpartition(':')[2]}")
        else:
            assert json.loads(Payload)["resource"] == "/orders/{number}"
            order = self.orders.pop(0) if self.orders else {"state": "completed", "events": [{"source": "SES"}]}
            answer = {"statusCode": 404} if not order else {"statusCode": 200, "body": json.dumps(order)}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    # CloudWatch

    def _describe_alarms(self, AlarmNamePrefix: str, **_: Any) -> list[dict[str, Any]]:  # noqa: N803
        quiet = {"AlarmName": f"{AlarmNamePrefix}x-errors", "StateValue": "OK"}
        return [{"MetricAlarms": [quiet, *({"AlarmName": name, "StateValue": "ALARM"} for name in self.alarms)]}]

    # CloudFormation

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if self.status is None:
            raise refusal("ValidationError")
        outputs = [{"OutputKey": "InboxBucket", "OutputValue": "inbox"}]
        return {"Stacks": [{"StackName": StackName, "StackStatus": self.status, "Outputs": outputs, "Parameters": []}]}

    def create_change_set(self, TemplateURL: str, ChangeSetType: str, RoleARN: str, **_: Any) -> None:  # noqa: N803
        assert RoleARN == "arn:aws:iam::1:role/mtd-staging-cloudformation"
        self.calls.append(f"{ChangeSetType} by {TemplateURL.split('/')[-2]}")

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        if not self.changes:
            return {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
        return {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": each} for each in self.changes]}

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("taken back")

    def execute_change_set(self, **_: Any) -> None:
        self.calls.append("executed")
        self.after_execution()

    def _list_stack_resources(self, **_: Any) -> list[dict[str, Any]]:
        return [{"StackResourceSummaries": []}]


def target(account: Account) -> AccountTarget:
    return AccountTarget(
        environment="staging",
        clients=cast(Clients, account),
        bucket="artifacts",
        address="https://s3",
        bake_seconds=0.0,
        look_seconds=0.001,
        role="arn:aws:iam::1:role/mtd-staging-cloudformation",
    )


def _modified(kind: str, replacement: str, name: str = "X") -> dict[str, Any]:
    return {"Action": "Modify", "LogicalResourceId": name, "ResourceType": kind, "Replacement": replacement}


def replaced(kind: str) -> dict[str, Any]:
    return _modified(kind, "True")
