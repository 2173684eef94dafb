"""Small sources, and an account of AWS as a deployment sees it, in memory."""

import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from botocore.exceptions import ClientError

from delivery.targets.account import AccountTarget
from devenv.aws import Clients

FILES = {
    "cloudformation/template.yaml": """
Parameters:
  Environment: {Type: String}
  Release: {Type: String, Default: none}
  FirstDeployment: {Type: String, Default: 'false'}
  FirstPortal: {Type: String, Default: 'false'}
  PortalDigest: {Type: String, Default: none}
  CodeDeploy: {Type: String, Default: 'true'}
Resources:
  Functions: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: stacks/functions.yaml}}
""",
    "cloudformation/stacks/functions.yaml": """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub 'mtd-${Environment}-migrate_database', CodeUri: ../../src/lambdas/f}
  A:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub 'mtd-${Environment}-a', CodeUri: ../../src/lambdas/f}
  B:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub 'mtd-${Environment}-b', CodeUri: ../../src/lambdas/f}
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
    """One stack with functions `mtd-staging-a`, `-b` and `-migrate_database`; `deploys` says what its next change set
    does. `calls` keeps the calls in order. Functions serve the code that was put last; with `stale_layers`, those whose
    version was not published anew do not."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.aliases = {
            "mtd-staging-a": "1",
            "mtd-staging-b": "1",
            "mtd-staging-migrate_database": "1",
            "mtd-local-a": "9",
        }
        self.parameters: dict[str, str] = {}
        self.nested: list[str] = []
        self.secrets: list[str] = []
        self.detected: dict[str, list[str]] = {}
        self.executed: list[dict[str, str]] = []
        self.stale_layers: set[str] = set()
        self.alarms: list[str] = []
        self.protected = True
        self.changes: list[dict[str, Any]] = [modified("AWS::Lambda::Function", "False")]
        self.calls: list[str] = []
        self.after_execution: Callable[[], None] = lambda: None
        self.orders: list[dict[str, Any]] = []
        self.status: str | None = "UPDATE_COMPLETE"
        self._proposed: dict[str, str] = {}
        self._kind = "UPDATE"
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

    def put_object(self, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "", **_: Any) -> None:  # noqa: N803
        if IfNoneMatch and f"{Bucket}/{Key}" in self.objects:
            raise refusal("PreconditionFailed")
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

    def get_function_configuration(self, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:  # noqa: N803
        zips = [body for name, body in self.objects.items() if "/functions/" in name]
        return {
            "CodeSha256": _sha256(zips[-1] if zips else b""),
            "Layers": [{"Arn": "layer:old" if FunctionName in self.stale_layers and Qualifier else "layer:new"}],
            "Description": self.parameters.get("Release", ""),
        }

    def get_layer_version_by_arn(self, Arn: str) -> dict[str, Any]:  # noqa: N803
        return {"Content": {"CodeSha256": _sha256(b"layer" if Arn == "layer:new" else b"old layer")}}

    def publish_layer_version(self, **_: Any) -> dict[str, str]:
        self.calls.append("layer published")
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
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        stack = {"StackName": StackName, "StackStatus": self.status, "Outputs": outputs, "Parameters": parameters}
        return {"Stacks": [stack | {"EnableTerminationProtection": self.protected}]}

    def create_change_set(
        self,
        TemplateURL: str,  # noqa: N803
        ChangeSetType: str,  # noqa: N803
        RoleARN: str,  # noqa: N803
        Parameters: list[dict[str, str]],  # noqa: N803
        **_: Any,
    ) -> None:
        assert RoleARN == "arn:aws:iam::1:role/mtd-staging-cloudformation"
        self._kind = ChangeSetType
        self.protected &= ChangeSetType == "UPDATE"
        self._proposed = {each["ParameterKey"]: each["ParameterValue"] for each in Parameters}
        self.calls.append(f"{ChangeSetType} by {TemplateURL.split('/')[-2]}")

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        if not self.changes:
            return {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
        return {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": each} for each in self.changes]}

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("taken back")

    def execute_change_set(self, **_: Any) -> None:
        self.calls.append("executed")
        self.parameters = self._proposed
        self.executed.append(self._proposed)
        self.status = f"{self._kind}_COMPLETE"
        self.after_execution()

    def update_termination_protection(self, **_: Any) -> None:
        self.protected = True
        self.calls.append("protected")

    def detect_stack_drift(
        self,
        StackName: str,  # noqa: N803
        LogicalResourceIds: Sequence[str] = (),  # noqa: N803
    ) -> dict[str, str]:
        self.detected[StackName.rpartition("stack/")[2].split("/")[0]] = list(LogicalResourceIds)
        return {"StackDriftDetectionId": "1"}

    def describe_stack_drift_detection_status(self, **_: Any) -> dict[str, str]:
        return {"DetectionStatus": "DETECTION_COMPLETE"}

    def _describe_stack_resource_drifts(self, **_: Any) -> list[dict[str, Any]]:
        return [{"StackResourceDrifts": []}]

    def _list_stack_resources(self, StackName: str) -> list[dict[str, Any]]:  # noqa: N803
        nested = [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": f"arn:aws:cloudformation:us-west-2:1:stack/{name}/1",
                "ResourceType": "AWS::CloudFormation::Stack",
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for name in (self.nested if StackName == "mtd-staging" else ())
        ]
        nested += [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": name,
                "ResourceType": "AWS::SecretsManager::Secret",
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for name in (self.secrets if StackName == "mtd-staging" else ())
        ]
        return [{"StackResourceSummaries": nested}]


def _sha256(content: bytes) -> str:
    """Lambda's CodeSha256."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class Watched(Account):
    """An account that keeps what was called: actions as IAM knows them."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: set[str] = set()

    def client(self, service: str) -> Any:
        return Calls(self, service)


class Calls:
    """A client whose calls reach the account, and are kept."""

    def __init__(self, account: Watched, service: str) -> None:
        self._account = account
        self._service = service

    def get_paginator(self, name: str) -> Pages:
        self._keep(name)
        return self._account.get_paginator(name)

    def get_waiter(self, name: str) -> Account:
        return self._account.get_waiter(name)

    def __getattr__(self, name: str) -> Any:
        self._keep(name)
        return getattr(self._account, name)

    def _keep(self, name: str) -> None:
        operation = "".join(part.capitalize() for part in name.split("_"))
        self._account.actions.add(f"{self._service}:{ACTIONS.get(operation, operation)}")


# Where IAM's action is named otherwise than the operation (Service Authorization Reference).
ACTIONS = {"Invoke": "InvokeFunction", "GetLayerVersionByArn": "GetLayerVersion"}


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


def modified(kind: str, replacement: str, name: str = "X") -> dict[str, Any]:
    return {"Action": "Modify", "LogicalResourceId": name, "ResourceType": kind, "Replacement": replacement}


def replaced(kind: str) -> dict[str, Any]:
    return modified(kind, "True")
