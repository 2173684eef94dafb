"""Recorded calls as IAM knows them: the actions that they need, each on its resource."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.instance import ACCOUNT, REGION
from devenv.problem import Problem

# An operation whose action has another name, from the Service Authorization Reference.
_ACTIONS = {
    "s3.HeadObject": "s3:GetObject",
    "s3.ListObjectsV2": "s3:ListBucket",
    "s3.ListObjectVersions": "s3:ListBucketVersions",
    "sqs.SendMessageBatch": "sqs:SendMessage",
    "sqs.DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs.ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "execute-api.Invoke": "execute-api:Invoke",
    "lambda.Invoke": "lambda:InvokeFunction",
}
_PREFIXES = {"stepfunctions": "states"}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Need:
    """A permission that a call needed; `role` by its name."""

    role: str
    action: str
    resource: str


def needs(recorded: Iterable[Mapping[str, Any]]) -> set[Need]:
    """The permissions behind what the emulator recorded (/_mtd/role-calls). Raises Problem for an unknown service."""
    return {
        Need(role=call["role"], action=action, resource=resource)
        for call in recorded
        for action, resource in _needed(call["operation"], call["about"])
    }


def _needed(operation: str, about: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    service, _, name = operation.partition(".")
    if operation == "s3.CopyObject":
        source, versioned = about["CopySource"].partition("?versionId=")[::2]
        yield "s3:GetObjectVersion" if versioned else "s3:GetObject", f"arn:aws:s3:::{source}"
        yield "s3:PutObject", f"arn:aws:s3:::{about['Bucket']}/{about['Key']}"
        return
    resource = _RESOURCES.get(service)
    if resource is None:
        raise Problem(f"A function called {operation}, whose resources are unknown here.", fix=f"Add it to {__name__}.")
    action = _ACTIONS.get(operation, f"{_PREFIXES.get(service, service)}:{name}")
    if action in ("s3:GetObject", "s3:DeleteObject") and "VersionId" in about:
        action += "Version"
    for each in resource(about):
        yield action, each


def _s3(about: Mapping[str, str]) -> list[str]:
    key = f"/{about['Key']}" if "Key" in about else ""
    return [f"arn:aws:s3:::{about['Bucket']}{key}"]


def _ses(about: Mapping[str, str]) -> list[str]:
    """SES asks for the sender's identity, the template and the configuration set, each on its own."""
    base = f"arn:aws:ses:{REGION}:{ACCOUNT}"
    named = {"template": about.get("Template"), "configuration-set": about.get("ConfigurationSetName")}
    return [f"{base}:identity/*", *(f"{base}:{kind}/{name}" for kind, name in named.items() if name)]


def _queue(about: Mapping[str, str]) -> str:
    return about.get("QueueName") or about["QueueUrl"].rpartition("/")[2]


def _secret(about: Mapping[str, str]) -> list[str]:
    """IAM compares the ARN of a secret that is asked for by its name; Secrets Manager ends it in six characters."""
    named = about["SecretId"]
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{named}-AbCdEf"
    return [named if named.startswith("arn:") else arn]


def _execute_api(about: Mapping[str, str]) -> list[str]:
    """The path is /_aws/execute-api/<api>/<stage>/<path>."""
    api, stage, path = about["Path"].removeprefix("/_aws/execute-api/").split("/", 2)
    return [f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/{stage}/{about['Method']}/{path}"]


_RESOURCES: dict[str, Callable[[Mapping[str, str]], list[str]]] = {
    "s3": _s3,
    "ses": _ses,
    "execute-api": _execute_api,
    "lambda": lambda about: [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{about['FunctionName']}"],
    "sqs": lambda about: [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{_queue(about)}"],
    "sns": lambda about: [about["TopicArn"]],
    "secretsmanager": _secret,
    "stepfunctions": lambda about: [about["stateMachineArn"]],
}
