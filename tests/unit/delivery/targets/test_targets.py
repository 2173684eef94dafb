"""An account and an emulator take the same deployment, each by the operations that it has."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console
from tests.unit.delivery.release.accounts import Account, target

from delivery.deployment.changes import Change
from delivery.targets.choice import target_of
from delivery.targets.rehearsal import RehearsalTarget
from delivery.targets.target import Proposal, Target, settle
from devenv.aws import Clients
from devenv.console.steps import Steps
from devenv.instance import Instance
from devenv.problem import Problem

NEW_CODE = Change(
    stack="Functions",
    logical_id="F",
    kind="AWS::Lambda::Function",
    action="Modify",
    replacement="False",
    properties=("Code",),
)


def rehearsal(account: Account) -> RehearsalTarget:
    return RehearsalTarget(
        environment="staging",
        clients=cast(Clients, account),
        bucket="artifacts",
        address="http://localhost",
        bake_seconds=0.0,
        look_seconds=0.0,
    )


def _proposal(kind: str, name: str | None = "set") -> Proposal:
    return Proposal(
        name=name, kind=kind, template="https://s3/artifacts/root.json", parameters={}, making={}, changes=[]
    )


def test_only_an_emulator_gets_new_code_without_cloudformation() -> None:
    account = Account()
    assert rehearsal(account).publishes_directly([NEW_CODE], {}, {})
    assert not target(account).publishes_directly([NEW_CODE], {}, {})


def test_an_account_executes_the_change_set_and_does_not_migrate_again() -> None:
    account = Account()
    migrated: list[dict[str, str]] = []

    outputs = target(account).update(_proposal("UPDATE"), Steps(Console(quiet=True)), migrated.append)

    assert outputs == {"InboxBucket": "inbox"}
    assert account.calls == ["executed"]
    assert migrated == []


def test_an_update_without_a_change_set_leaves_the_account_as_it_is() -> None:
    account = Account()
    assert target(account).update(_proposal("UPDATE", name=None), Steps(Console(quiet=True)), lambda _: None) == {
        "InboxBucket": "inbox"
    }
    assert account.calls == []


@pytest.mark.parametrize(("make", "deletes"), [(target, False), (rehearsal, True)])
def test_a_refused_creation_leaves_no_stack_in_the_emulator(make: Callable[[Account], Target], deletes: bool) -> None:
    class Deletable(Account):
        def delete_stack(self, **_: object) -> None:
            self.calls.append("deleted")
            self.status = None

    account = Deletable()
    make(account).discard(_proposal("CREATE"))

    assert account.calls == (["taken back", "deleted"] if deletes else ["taken back"])


def test_an_emulator_enables_the_rules_that_a_first_deployment_creates_disabled() -> None:
    class Scheduled(Account):
        def _list_stack_resources(self, StackName: str) -> list[dict[str, Any]]:  # noqa: N803
            del StackName
            rule = {"LogicalResourceId": "R", "ResourceType": "AWS::Events::Rule", "ResourceStatus": "CREATE_COMPLETE"}
            return [{"StackResourceSummaries": [rule | {"PhysicalResourceId": "bus/mtd-staging-relay"}]}]

        def enable_rule(self, Name: str) -> None:  # noqa: N803
            self.calls.append(f"enabled {Name}")

    account = Scheduled()
    proposal = replace(_proposal("CREATE"), making={"FirstDeployment": "true"})
    settle(rehearsal(account), proposal, Steps(Console(quiet=True)))
    settle(rehearsal(account), _proposal("CREATE"), Steps(Console(quiet=True)))

    assert account.calls == ["enabled mtd-staging-relay"]


def test_an_emulator_has_neither_a_registry_nor_drift_detection() -> None:
    made = rehearsal(Account())
    assert made.portal_repository is None
    assert list(made.drifted_resources()) == []


@pytest.mark.parametrize(("environ", "rehearse"), [({}, True), ({"AWS_ENDPOINT_URL": "http://localhost:4566"}, False)])
def test_a_rehearsal_needs_the_running_instance(environ: dict[str, str], rehearse: bool, tmp_path: Path) -> None:
    """No account of AWS is asked, whatever credentials the user has."""
    with pytest.raises(Problem, match="Instance 'one' does not run"):
        target_of("staging", Instance(name="one", project=tmp_path, environ=environ), {}, rehearse=rehearse)
