"""The changes that stop a deployment at the gate, and the view of a change set."""

from typing import Any

import pytest

from delivery.deployment.changes import BLOCKED_CODE, Change, changes_in, ensure_kept, markdown, rows
from delivery.targets.emulated import only_code
from devenv.problem import Problem


def _change(kind: str, *, action: str = "Modify", replacement: str = "False", name: str = "X") -> Change:
    return Change(stack="Database", logical_id=name, kind=kind, action=action, replacement=replacement)


INSTANCE = "AWS::RDS::DBInstance"


@pytest.mark.parametrize(
    "kind",
    [
        INSTANCE,
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::ECR::Repository",
        "AWS::SecretsManager::Secret",
        "AWS::CloudFormation::Stack",
    ],
)
@pytest.mark.parametrize(("action", "replacement"), [("Modify", "True"), ("Modify", "Conditional"), ("Remove", "")])
def test_what_keeps_state_may_be_neither_replaced_nor_removed(kind: str, action: str, replacement: str) -> None:
    with pytest.raises(Problem) as stopped:
        ensure_kept([_change(kind, action=action, replacement=replacement)], ())

    assert stopped.value.code == BLOCKED_CODE
    assert f"Database/X ({kind}" in stopped.value.sentence
    assert "ACCEPT=Database/X" in stopped.value.fix


@pytest.mark.parametrize(
    "change",
    [
        _change(INSTANCE),
        _change(INSTANCE, action="Add", replacement=""),
        _change("AWS::Lambda::Alias", replacement="True"),
        _change("AWS::Lambda::Version", action="Remove", replacement=""),
    ],
)
def test_what_keeps_nothing_or_stays_may_change(change: Change) -> None:
    ensure_kept([change], ())


def test_an_acceptance_lets_its_own_resource_go_and_no_other() -> None:
    changes = [_change(INSTANCE, replacement="True", name=name) for name in ("A", "B")]
    ensure_kept(changes, ["Database/A", "Database/B"])
    with pytest.raises(Problem, match="Database/B") as stopped:
        ensure_kept(changes, ["Database/A"])
    assert "Database/A" not in stopped.value.sentence


def test_an_acceptance_of_what_does_not_go_is_refused() -> None:
    with pytest.raises(Problem, match="Database/A is accepted, but"):
        ensure_kept([_change(INSTANCE)], ["Database/A"])


def test_a_change_set_is_read_with_its_properties() -> None:
    answer: dict[str, Any] = {
        "Changes": [
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": "Modify",
                    "LogicalResourceId": "OrdersQueue",
                    "ResourceType": "AWS::SQS::Queue",
                    "Replacement": "True",
                    "Details": [{"Target": {"Name": "QueueName"}}, {"Target": {"Name": "QueueName"}}, {"Target": {}}],
                },
            }
        ]
    }

    [(change, words)] = changes_in("Messaging", [answer])

    assert change.name == "Messaging/OrdersQueue"
    assert change.properties == ("QueueName",)
    assert words["LogicalResourceId"] == "OrdersQueue"


def test_what_destroys_comes_first_and_says_so() -> None:
    changes = [_change("AWS::IAM::Role", name="A"), _change(INSTANCE, replacement="True", name="Z")]

    assert [row[1] for row in rows(changes)] == ["Database/Z", "Database/A"]
    page = markdown("production", changes)
    assert "2 resource changes, 1 of them destroy" in page
    assert "| Modify | Database/Z | AWS::RDS::DBInstance | True |  | destroys state |" in page
    assert "No resource changes" in markdown("production", [])


def test_new_code_is_told_from_a_new_template() -> None:
    code = [
        _change("AWS::CloudFormation::Stack"),
        _change("AWS::Lambda::Function"),
        _change("AWS::Lambda::Alias", replacement="True"),
        _change("AWS::Lambda::Version", action="Add"),
        _change("AWS::Lambda::Version", action="Remove"),
    ]
    assert only_code(code, {}, {})
    for other in (
        _change("AWS::SQS::Queue"),
        _change("AWS::Lambda::Function", action="Add"),
        _change("AWS::Lambda::Alias", action="Remove"),
    ):
        assert not only_code([*code, other], {}, {})
    standing = {"LeaseSeconds": "60", "Release": "before"}
    assert only_code(code, {"LeaseSeconds": "60", "Release": "after"}, standing)
    assert not only_code(code, {"LeaseSeconds": "5", "Release": "after"}, standing)
