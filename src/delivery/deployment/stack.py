"""Deploys a stack by change sets and verifies that every resource of every nested stack is COMPLETE."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from devenv.problem import Problem

# Resource types that LocalStack may leave without a physical id, each with the reason.
UNKNOWN_ALLOWED: dict[str, str] = {
    "AWS::CodeDeploy::Application": "locally code changes by hot reload, never through CodeDeploy",
    "AWS::CodeDeploy::DeploymentGroup": "as CodeDeploy's application",
    "AWS::Backup::BackupSelection": "the emulator's AWS Backup has vaults and plans, and makes no backups",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a stack."""

    stack: str
    logical_id: str
    kind: str
    physical_id: str
    status: str
    reason: str


_CHANGE_SET = re.compile(r"arn:[\w-]+:cloudformation:[\w:-]+:changeSet/[\w-]+/[\w-]+")


class Stack:
    """A root stack with its nested stacks."""

    def __init__(
        self, client: Any, name: str, *, seconds: float = 300.0, poll_seconds: float = 0.2, role: str | None = None
    ) -> None:
        """`role` is the ARN of the role of CloudFormation; without it CloudFormation uses the caller's credentials."""
        self._client = client
        self.name = name
        self._seconds = seconds
        self._poll_seconds = poll_seconds
        self._role = {"RoleARN": role} if role else {}

    def status(self) -> str | None:
        """The stack's status; None when there is no such stack."""
        description = self._description()
        return None if description is None else str(description["StackStatus"])

    def outputs(self) -> dict[str, str]:
        description = self._description() or {}
        return {item["OutputKey"]: item["OutputValue"] for item in description.get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """The parameters of the current stack."""
        description = self._description() or {}
        # The emulator leaves an empty value out.
        return {item["ParameterKey"]: item.get("ParameterValue", "") for item in description.get("Parameters", [])}

    def _description(self) -> dict[str, Any] | None:
        try:
            stacks = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return stacks[0] if stacks and stacks[0]["StackStatus"] != "DELETE_COMPLETE" else None

    def delete(self) -> None:
        """Deletes the stack and waits. Raises Problem with the failed resources' reasons."""
        self._client.delete_stack(StackName=self.name)
        status = self._until(lambda: self.status(), {None, "DELETE_FAILED"})
        if status is not None:
            raise self._failure("could not be deleted")

    def protect(self) -> None:
        """Turns on termination protection, nested stacks included. A person must turn it off to delete the stack."""
        self._client.update_termination_protection(StackName=self.name, EnableTerminationProtection=True)

    def protected(self) -> bool:
        """Whether it refuses its deletion."""
        return bool((self._description() or {}).get("EnableTerminationProtection"))

    def apply(self, template_url: str, parameters: dict[str, str], *, kind: str = "CREATE") -> dict[str, str]:
        """Creates the stack, or updates it if `kind` is UPDATE; returns its outputs. Raises Problem with the
        reasons."""
        name = self.propose(template_url, parameters, kind=kind)
        return self.outputs() if name is None else self.execute(name, kind=kind)

    def propose(self, template_url: str, parameters: dict[str, str], *, kind: str = "CREATE") -> str | None:
        """Creates a change set with nested stacks; returns its name, or None for no changes. Raises Problem."""
        name = f"mtd-{int(time.time() * 1000)}"
        self._client.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateURL=template_url,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            IncludeNestedStacks=True,
            **self._role,
        )
        reason = ""

        def change_set() -> str:
            nonlocal reason
            answer = self._client.describe_change_set(StackName=self.name, ChangeSetName=name)
            reason = answer.get("StatusReason", "")
            return str(answer["Status"])

        if self._until(change_set, {"CREATE_COMPLETE", "FAILED"}) == "FAILED":
            if "didn't contain changes" in reason or "No updates" in reason:
                self.discard(name)
                return None
            reasons = "; ".join(dict.fromkeys([reason, *self._nested_reasons(reason)]))
            self.discard(name)
            raise Problem(
                f"CloudFormation refused the template: {reasons}", fix="Correct it; 'make lint' may show more."
            )
        return name

    def _nested_reasons(self, reason: str) -> Iterator[str]:
        """The reasons of failed nested change sets; the root's own reason has their ARNs only."""
        for arn in _CHANGE_SET.findall(reason):
            answer = self._client.describe_change_set(ChangeSetName=arn)
            inner = str(answer.get("StatusReason", "no reason given"))
            yield f"{answer.get('StackName', arn)}: {inner}"
            yield from self._nested_reasons(inner)

    def change_set(self, name: str) -> Iterator[dict[str, Any]]:
        """The pages of DescribeChangeSet. `name` is a name, or the ARN of a nested stack's change set."""
        place = {} if name.startswith("arn:") else {"StackName": self.name}
        token: dict[str, str] = {}
        while True:
            answer = self._client.describe_change_set(ChangeSetName=name, **place, **token)
            yield answer
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def discard(self, name: str) -> None:
        """Deletes a change set."""
        self._client.delete_change_set(StackName=self.name, ChangeSetName=name)

    def execute(self, name: str, *, kind: str) -> dict[str, str]:
        """Executes a change set and returns the outputs. Raises Problem with the resources' reasons."""
        self._client.execute_change_set(StackName=self.name, ChangeSetName=name)
        finished = f"{kind}_COMPLETE"
        if self._until(lambda: self._settled(), {True}) and self.status() == finished:
            self.verify()
            return self.outputs()
        raise self._failure("was not deployed")

    def _settled(self) -> bool:
        status = self.status() or ""
        return not status.endswith("_IN_PROGRESS")

    def _until(self, ask: Callable[[], Any], answers: set[Any]) -> Any:
        deadline = time.monotonic() + self._seconds
        while (answer := ask()) not in answers:
            if time.monotonic() > deadline:
                raise Problem(
                    f"Stack {self.name} is still {answer} after {self._seconds:.0f} s.",
                    fix="See logs/localstack.log.",
                )
            time.sleep(self._poll_seconds)
        return answer

    def resources(self) -> list[Resource]:
        """Every resource of the stack and of its nested stacks."""
        return list(self._resources(self.name))

    def _resources(self, stack: str) -> Iterator[Resource]:
        for page in self._client.get_paginator("list_stack_resources").paginate(StackName=stack):
            for summary in page["StackResourceSummaries"]:
                resource = Resource(
                    stack=stack.rpartition("stack/")[2].split("/")[0],
                    logical_id=summary["LogicalResourceId"],
                    kind=summary["ResourceType"],
                    physical_id=summary.get("PhysicalResourceId", ""),
                    status=summary["ResourceStatus"],
                    reason=summary.get("ResourceStatusReason", ""),
                )
                yield resource
                if resource.kind == "AWS::CloudFormation::Stack" and resource.physical_id:
                    yield from self._resources(resource.physical_id)

    def verify(self) -> None:
        """Verifies the deployed stack. Raises Problem for an incomplete resource, or one that LocalStack only
        mocked."""
        resources = self.resources()
        wrong = [
            f"{item.stack}/{item.logical_id} ({item.kind}) {item.status} {item.reason}".rstrip()
            for item in resources
            if not item.status.endswith("_COMPLETE")
        ]
        if wrong:
            wrong = self._failed_resources() or wrong
        wrong += [
            f"{item.stack}/{item.logical_id} ({item.kind}) was mocked and not created"
            for item in resources
            if item.physical_id in {"", "unknown"} and item.kind not in UNKNOWN_ALLOWED
        ]
        if wrong:
            raise Problem(
                f"Stack {self.name} is not as its template says: {'; '.join(wrong)}",
                fix="Correct the template. 'mtd logs localstack' may show more.",
            )

    def _failed_resources(self) -> list[str]:
        """The reasons, the innermost first. A failed nested stack may have no id yet, so it is found by its name."""
        names = {self.name}
        for page in self._client.get_paginator("list_stacks").paginate():
            left = (item["StackName"] for item in page["StackSummaries"] if item["StackStatus"] != "DELETE_COMPLETE")
            names.update(name for name in left if name.startswith(f"{self.name}-"))
        reasons = []
        for name in sorted(names, key=len, reverse=True):
            for item in self._events(name):
                if "FAILED" in item["ResourceStatus"] and item.get("ResourceStatusReason"):
                    what = f"{name}/{item['LogicalResourceId']} ({item.get('ResourceType', '')})"
                    reasons.append(f"{what}: {item['ResourceStatusReason']}")
        return reasons

    def _events(self, name: str) -> list[dict[str, Any]]:
        """The events of a stack; none if it has been deleted meanwhile."""
        try:
            events: list[dict[str, Any]] = self._client.describe_stack_events(StackName=name)["StackEvents"]
        except ClientError as error:
            if "does not exist" in str(error):
                return []
            raise
        return events

    def _failure(self, what: str) -> Problem:
        reasons = self._failed_resources()
        if not reasons:
            description = self._description() or {}
            reasons = [str(description.get("StackStatusReason") or description.get("StackStatus") or "no reason given")]
        return Problem(
            f"Stack {self.name} {what}: {'; '.join(reasons)}",
            fix="Correct the template and run it again. 'mtd logs localstack' may show more.",
        )
