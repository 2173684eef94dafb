"""A change set as a table: every resource of every nested stack that it changes. And the gate."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from devenv.problem import Problem

NESTED = "AWS::CloudFormation::Stack"
# Types whose replacement loses data, or the addresses and keys by which data is found.
STATEFUL = frozenset(
    {
        NESTED,
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBSubnetGroup",
        "AWS::S3::Bucket",
        "AWS::KMS::Key",
        "AWS::SQS::Queue",
        "AWS::ECR::Repository",
        "AWS::Logs::LogGroup",
        "AWS::SecretsManager::Secret",
        "AWS::Backup::BackupVault",
        "AWS::DynamoDB::Table",
        "AWS::EC2::VPC",
        "AWS::SNS::Topic",
        "AWS::StepFunctions::StateMachine",
        "AWS::ApiGateway::RestApi",
        "AWS::Route53::HostedZone",
    }
)
BLOCKED_CODE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`stack` is the nested stack's logical id, '' for the root. `replacement`: True, False, Conditional or ''."""

    stack: str
    logical_id: str
    kind: str
    action: str
    replacement: str
    properties: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.stack}/{self.logical_id}".lstrip("/")

    @property
    def destroys(self) -> bool:
        """Whether the change removes or may replace a stateful resource."""
        gone = self.action == "Remove" or self.replacement in {"True", "Conditional"}
        return gone and self.kind in STATEFUL


def changes_in(stack: str, answers: Iterable[dict[str, Any]]) -> Iterator[tuple[Change, dict[str, Any]]]:
    """Each change in the pages of DescribeChangeSet, with CloudFormation's own description."""
    for answer in answers:
        for item in answer.get("Changes", []):
            one = item.get("ResourceChange", {})
            names = [detail.get("Target", {}).get("Name") for detail in one.get("Details", [])]
            change = Change(
                stack=stack,
                logical_id=one["LogicalResourceId"],
                kind=one["ResourceType"],
                action=one["Action"],
                replacement=one.get("Replacement", ""),
                properties=tuple(sorted({name for name in names if name})),
            )
            yield change, one


def ensure_kept(changes: Sequence[Change], accepted: Iterable[str]) -> None:
    """The gate. Raises Problem (code 3) when the change set replaces or removes a stateful resource that `accepted`
    does not name, or when `accepted` names a resource that the change set neither replaces nor removes."""
    destroying = {change.name: change for change in changes if change.destroys}
    strange = sorted(set(accepted) - set(destroying))
    if strange:
        raise Problem(
            f"{', '.join(strange)} is accepted, but this change set neither replaces nor removes it.",
            fix="Remove it from ACCEPT: an acceptance is valid for one change set.",
            code=BLOCKED_CODE,
        )
    stopping = [change for name, change in sorted(destroying.items()) if name not in set(accepted)]
    if stopping:
        listed = ", ".join(f"{change.name} ({change.kind}: {_verb(change)})" for change in stopping)
        raise Problem(
            f"The change set would destroy stateful resources: {listed}. Nothing was changed.",
            fix="Keep its name and its immutable properties, or move its content first and accept it by name: "
            f"ACCEPT={','.join(change.name for change in stopping)}.",
            code=BLOCKED_CODE,
        )


def _verb(change: Change) -> str:
    if change.action == "Remove":
        return "removed"
    return "replaced" if change.replacement == "True" else "may be replaced"


COLUMNS = ("Change", "Resource", "Type", "Replacement", "Properties", "")


def rows(changes: Sequence[Change]) -> list[tuple[str, ...]]:
    """The rows of a table; changes that stop the gate come first."""
    ordered = sorted(changes, key=lambda change: (not change.destroys, change.stack, change.logical_id))
    return [
        (
            change.action,
            change.name,
            change.kind,
            change.replacement,
            ", ".join(change.properties),
            "destroys state" if change.destroys else "",
        )
        for change in ordered
    ]


def markdown(title: str, changes: Sequence[Change]) -> str:
    """The table for a pull request or the summary of a job."""
    lines = [f"### {title}", ""]
    if not changes:
        return "\n".join([*lines, "No resource changes.", ""])
    destroying = sum(change.destroys for change in changes)
    lines += [f"{len(changes)} resource changes, {destroying} of them destroy stateful resources.", ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows(changes)]
    return "\n".join([*lines, ""])
