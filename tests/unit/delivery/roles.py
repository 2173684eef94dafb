"""The permissions of the roles of bootstrap.yaml: their statements, with intrinsic functions made texts."""

import fnmatch
import json
from collections.abc import Iterator
from typing import Any

from delivery.packaging.template import load
from devenv.instance import PROJECT

ENVIRONMENT = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-west-2",
    "AWS::AccountId": "123456789012",
    "Environment": "production",
    "ArtifactBucket.Arn": "arn:aws:s3:::mtd-artifacts-production-123456789012",
}


def bootstrap() -> dict[str, Any]:
    """The resources of bootstrap.yaml."""
    resources: dict[str, Any] = load(PROJECT / "cloudformation" / "bootstrap.yaml")["Resources"]
    return resources


def texts(node: Any) -> Any:
    """The node with Sub, Ref and GetAtt as the texts that they come to in production."""
    match node:
        case {"Fn::Sub": str() as text}:
            for name, value in ENVIRONMENT.items():
                text = text.replace(f"${{{name}}}", value)
            return text
        case {"Ref": name}:
            return ENVIRONMENT.get(name, name)
        case {"Fn::GetAtt": [one, attribute]}:
            return ENVIRONMENT.get(f"{one}.{attribute}", f"{one}.{attribute}")
        case dict():
            return {name: texts(value) for name, value in node.items()}
        case list():
            return [texts(item) for item in node]
        case _:
            return node


def documents(role: str) -> Iterator[dict[str, Any]]:
    """The policies of a role: its own, and those of the bootstrap that are attached."""
    properties = bootstrap()[role]["Properties"]
    for attached in properties.get("ManagedPolicyArns", []):
        if attached.get("Ref") in bootstrap():
            yield texts(bootstrap()[attached["Ref"]]["Properties"]["PolicyDocument"])
    for own in properties.get("Policies", []):
        yield texts(own["PolicyDocument"])


def statements(role: str, effect: str = "Allow") -> list[dict[str, Any]]:
    return [each for document in documents(role) for each in document["Statement"] if each["Effect"] == effect]


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def allowing(role: str, action: str) -> list[dict[str, Any]]:
    """The statements that allow the action somewhere, whatever their conditions."""
    return [
        each
        for each in statements(role)
        if any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in listed(each["Action"]))
    ]


def size(document: Any) -> int:
    """As IAM counts it: characters, white space left out."""
    return len(json.dumps(document, separators=(",", ":")).replace(" ", ""))
