"""A deployment's criteria of success, against a CloudFormation with given answers."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from delivery.deployment.stack import Stack
from devenv.problem import Problem


class FakeCloudFormation:
    """Statuses of the root stack come one after the other; the last stays."""

    def __init__(self, statuses: list[str | None], resources: dict[str, list[dict[str, str]]] | None = None) -> None:
        self._statuses = statuses
        self.resources = resources or {}
        self.change_set = {"Status": "CREATE_COMPLETE", "StatusReason": ""}
        self.nested_change_sets: dict[str, dict[str, str]] = {}
        self.events: dict[str, list[dict[str, str]]] = {}
        self.calls: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if status is None:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}}, "x")
        return {"Stacks": [{"StackStatus": status, "Outputs": [{"OutputKey": "ApiUrl", "OutputValue": "http://a"}]}]}

    def create_change_set(self, **_: Any) -> None:
        self.calls.append("create")

    def describe_change_set(self, ChangeSetName: str, **_: Any) -> dict[str, str]:  # noqa: N803
        return self.nested_change_sets.get(ChangeSetName, self.change_set)

    def execute_change_set(self, **_: Any) -> None:
        self.calls.append("execute")

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("delete change set")

    def delete_stack(self, **_: Any) -> None:
        self.calls.append("delete")

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        return {"StackEvents": self.events.get(StackName, [])}

    def get_paginator(self, name: str) -> "FakeCloudFormation.Pages":
        return FakeCloudFormation.Pages(self, name)

    class Pages:
        def __init__(self, client: "FakeCloudFormation", name: str) -> None:
            self._client = client
            self._name = name

        def paginate(self, StackName: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
            if self._name == "list_stacks":
                names = [*self._client.events, "other-stack"]
                yield {"StackSummaries": [{"StackName": name, "StackStatus": "CREATE_FAILED"} for name in names]}
            else:
                yield {"StackResourceSummaries": self._client.resources.get(StackName, [])}


def _resource(name: str, kind: str, physical: str, status: str = "CREATE_COMPLETE") -> dict[str, str]:
    return {
        "LogicalResourceId": name,
        "ResourceType": kind,
        "PhysicalResourceId": physical,
        "ResourceStatus": status,
    }


_NESTED = _resource("Flow", "AWS::CloudFormation::Stack", "nested")


def test_a_stack_whose_resources_all_stand_gives_its_outputs() -> None:
    client = FakeCloudFormation(
        ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"],
        {"mtd": [_NESTED], "nested": [_resource("Q", "AWS::SQS::Queue", "http://q")]},
    )
    assert Stack(client, "mtd").apply("url", {"A": "1"}) == {"ApiUrl": "http://a"}
    assert client.calls == ["create", "execute"]


def test_a_resource_of_a_nested_stack_that_was_only_mocked_fails() -> None:
    client = FakeCloudFormation(
        ["CREATE_COMPLETE"], {"mtd": [_NESTED], "nested": [_resource("E", "AWS::EC2::EIP", "unknown")]}
    )
    with pytest.raises(Problem, match=r"E .AWS::EC2::EIP. was mocked and not created"):
        Stack(client, "mtd").apply("url", {})


def test_a_complete_root_over_an_incomplete_nested_resource_fails() -> None:
    client = FakeCloudFormation(
        ["CREATE_COMPLETE"], {"mtd": [_NESTED], "nested": [_resource("Q", "AWS::SQS::Queue", "q", "CREATE_FAILED")]}
    )
    with pytest.raises(Problem, match="CREATE_FAILED"):
        Stack(client, "mtd").apply("url", {})


def test_a_failure_tells_the_innermost_reason() -> None:
    client = FakeCloudFormation(["CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"])
    client.events = {
        "mtd-Flow-1": [
            {
                "LogicalResourceId": "F",
                "ResourceType": "AWS::Lambda::Function",
                "ResourceStatus": "CREATE_FAILED",
                "ResourceStatusReason": "no such layer",
            }
        ]
    }
    with pytest.raises(Problem) as raised:
        Stack(client, "mtd").apply("url", {})
    assert "mtd-Flow-1/F (AWS::Lambda::Function): no such layer" in raised.value.sentence


def test_a_refused_change_set_tells_its_reason() -> None:
    client = FakeCloudFormation([None])
    client.change_set = {"Status": "FAILED", "StatusReason": "Parameters: [X] must have values"}
    with pytest.raises(Problem, match="must have values"):
        Stack(client, "mtd").apply("url", {})
    assert client.calls == ["create", "delete change set"]


def test_an_update_without_changes_is_no_failure() -> None:
    client = FakeCloudFormation(["UPDATE_COMPLETE"])
    client.change_set = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
    assert Stack(client, "mtd").apply("url", {}, kind="UPDATE") == {"ApiUrl": "http://a"}


def test_a_missing_stack_has_no_status() -> None:
    assert Stack(FakeCloudFormation([None]), "mtd").status() is None


def test_deleting_waits_until_it_is_gone() -> None:
    client = FakeCloudFormation(["DELETE_IN_PROGRESS", None])
    Stack(client, "mtd").delete()
    assert client.calls == ["delete"]


def test_a_stack_that_cannot_be_deleted_is_told() -> None:
    with pytest.raises(Problem, match="could not be deleted"):
        Stack(FakeCloudFormation(["DELETE_FAILED"]), "mtd").delete()


def test_a_stack_that_never_settles_is_told() -> None:
    with pytest.raises(Problem, match="IN_PROGRESS"):
        Stack(FakeCloudFormation(["DELETE_IN_PROGRESS"]), "mtd", seconds=0.1).delete()


def test_a_refused_nested_change_set_tells_its_own_reason() -> None:
    """The root's reason is as CloudFormation words it; the nested one's says what is wrong."""
    arn = "arn:aws:cloudformation:us-west-2:123456789012:changeSet/mtd-Functions-1ABC/0a1b2c3d-1234"
    client = FakeCloudFormation(["CREATE_COMPLETE"])
    reason = f"Nested change set {arn} was not successfully created: Currently in FAILED."
    client.change_set = {"Status": "FAILED", "StatusReason": reason}
    client.nested_change_sets[arn] = {
        "Status": "FAILED",
        "StackName": "mtd-Functions-1ABC",
        "StatusReason": "Template error: no such Condition",
    }

    with pytest.raises(Problem, match=r"mtd-Functions-1ABC: Template error: no such Condition"):
        Stack(client, "mtd", poll_seconds=0).propose("https://template", {})
    assert client.calls == ["create", "delete change set"]
