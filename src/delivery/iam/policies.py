"""Reads the grants of roles from IAM: each action on each resource of each statement is one grant."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from delivery.iam.calls import Need

AWS_MANAGED = "arn:aws:iam::aws:policy/"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Grant:
    """One action on one resource, both patterns of IAM; `policy` is an AWS-managed policy's name, or ''."""

    role: str
    action: str
    resource: str
    policy: str

    def covers(self, need: Need) -> bool:
        """Conditions are not looked at."""
        return (
            self.role == need.role
            and _matches(self.action, need.action, re.IGNORECASE)
            and _matches(self.resource, need.resource)
        )


def _matches(pattern: str, value: str, flags: int = 0) -> bool:
    """IAM's wildcards: * and ?, nothing else. A need's own * stands for what lies below, and matches a pattern's."""
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, value, flags) is not None


def grants(iam: Any, role: str) -> list[Grant]:
    """Of all policies of the role, its own and attached ones."""
    found: list[Grant] = []
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        found += _of(role, "", iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        found += _of(role, arn.rpartition("/")[2] if arn.startswith(AWS_MANAGED) else "", document)
    return sorted(set(found))


def _of(role: str, policy: str, document: Any) -> Iterator[Grant]:
    for statement in _listed(document["Statement"]):
        if statement["Effect"] != "Allow":
            continue
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Grant(role=role, action=action, resource=resource, policy=policy)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
