"""An account of AWS as a target."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from delivery.deployment.changes import NESTED, Change, ensure_kept
from delivery.deployment.stack import Stack
from delivery.targets.target import Outputs, Proposal, Target, settle
from devenv.aws import Clients
from devenv.console.steps import Steps
from devenv.instance import REGION
from devenv.problem import Problem

_STACK_SECONDS = 3600.0
_STACK_POLL_SECONDS = 5.0
_DRIFT_SECONDS = 900.0
_DRIFT_POLL_SECONDS = 5.0
_SECRET = "AWS::SecretsManager::Secret"
# The read handler of this type calls secretsmanager:GetSecretValue, which the reviewing role must not be allowed. One
# resource that cannot be read fails the whole detection.
_WITHOUT_DRIFT_DETECTION = frozenset({_SECRET})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTarget(Target):
    """`role` is the ARN of the role with which CloudFormation makes changes."""

    role: str | None = None

    @classmethod
    def of_credentials(
        cls, environment: str, known: Mapping[str, str], *, bake_seconds: float | None = None
    ) -> "AccountTarget":
        """The account of the caller's credentials; cloudformation/bootstrap.yaml makes its bucket. Raises Problem."""
        clients = Clients(None)
        try:
            account = clients.account()
        except (BotoCoreError, ClientError) as error:
            raise Problem(
                f"AWS accepts no credentials of yours: {error}",
                fix="Sign in ('aws sso login', or the role of CI), or rehearse in the running instance: REHEARSE=1.",
            ) from error
        return cls(
            environment=environment,
            clients=clients,
            bucket=f"mtd-artifacts-{environment}-{account}",
            address=f"https://s3.{REGION}.amazonaws.com",
            bake_seconds=300.0 if bake_seconds is None else bake_seconds,
            look_seconds=10.0,
            known=known,
            role=f"arn:aws:iam::{account}:role/mtd-{environment}-cloudformation",
        )

    @property
    def stack(self) -> Stack:
        client = self.clients.client("cloudformation")
        return Stack(client, self.name, seconds=_STACK_SECONDS, poll_seconds=_STACK_POLL_SECONDS, role=self.role)

    @property
    def poll_seconds(self) -> float:
        return 1.0

    @property
    def portal_repository(self) -> str | None:
        return self.stack.outputs().get("PortalRepository") if self.stack.status() else None

    @property
    def needs_preflight(self) -> bool:
        return True

    @property
    def untracked_parameters(self) -> frozenset[str]:
        return frozenset()

    def prepare(self, parameters: dict[str, str], current: Mapping[str, str]) -> dict[str, str]:
        del current
        return parameters  # cloudformation/bootstrap.yaml and the operators have made what a change set needs

    def undescribed_changes(self, parent: Change, words: Mapping[str, Any], root: str) -> Iterable[Change]:
        del parent, words, root  # AWS makes a change set for every nested stack
        return ()

    def discard(self, proposal: Proposal) -> None:
        """Deletes the change set. A stack that it would have created stays, in review and empty."""
        if proposal.name is not None:
            self.stack.discard(proposal.name)

    def protect(self) -> None:
        stack = self.stack
        if not stack.protected():
            stack.protect()

    def settle(self, proposal: Proposal) -> None:
        self._update(proposal.template, proposal.parameters)

    def publishes_directly(
        self, changes: list[Change], parameters: Mapping[str, str], current: Mapping[str, str]
    ) -> bool:
        del changes, parameters, current
        return False

    def update(self, proposal: Proposal, steps: Steps, migrate: Callable[[Outputs], None]) -> Outputs:
        if proposal.name is None:
            return self.stack.outputs()  # only files beside the templates are new, such as a process
        with steps.step("Stack deployed, traffic moved"):
            outputs = self.stack.execute(proposal.name, kind=proposal.kind)
        if any(change.kind == _SECRET for change in proposal.changes):
            # A changed template of a secret is a new password, made after the new code had migrated ahead.
            with steps.step("New passwords given to the database"):
                migrate(outputs)
        settle(self, proposal, steps)
        self.protect()  # a first deployment that ended after its creation has not protected it
        return outputs

    def restore(
        self,
        template: str,
        parameters: Mapping[str, str],
        *,
        wait_until_ok: Callable[[], object],
        migrate: Callable[[Outputs], None],
    ) -> None:
        del migrate  # migrations only expand
        wait_until_ok()  # CodeDeploy moves no traffic while an alarm is on
        self._update(template, parameters)

    def _update(self, template: str, parameters: Mapping[str, str]) -> None:
        """Brings the stack to a template that serves or has served, unless that would destroy stateful resources."""
        stack = self.stack
        name = stack.propose(template, dict(parameters), kind="UPDATE")
        if name is None:
            return
        try:
            ensure_kept(self.changes_of(name, self.key(template)), ())
        except Problem:
            stack.discard(name)
            raise
        stack.execute(name, kind="UPDATE")

    def drifted_resources(self) -> Iterator[str]:
        """CloudFormation's own drift detection, in every nested stack."""
        client = self.clients.client("cloudformation")
        stack = self.stack
        resources = stack.resources()
        for identifier in [stack.name, *(item.physical_id for item in resources if item.kind == NESTED)]:
            name = identifier.rpartition("stack/")[2].split("/")[0]
            within = [item for item in resources if item.stack == name]
            detected = [item.logical_id for item in within if item.kind not in _WITHOUT_DRIFT_DETECTION]
            _detect_drift(client, identifier, detected if len(detected) < len(within) else [])
            pages = client.get_paginator("describe_stack_resource_drifts").paginate(
                StackName=identifier, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
            )
            for drift in (each for page in pages for each in page["StackResourceDrifts"]):
                properties = ", ".join(each["PropertyPath"] for each in drift.get("PropertyDifferences", []))
                resource = f"{drift['LogicalResourceId']} ({drift['ResourceType']})"
                status = f"{resource} {drift['StackResourceDriftStatus'].lower()}"
                yield f"{status}: {properties}" if properties else status


def _detect_drift(client: Any, stack: str, only: list[str]) -> None:
    """Waits for the detection, of these logical ids or, if there are none, of all resources."""
    names = {"LogicalResourceIds": only} if only else {}
    identifier = client.detect_stack_drift(StackName=stack, **names)["StackDriftDetectionId"]
    deadline = time.monotonic() + _DRIFT_SECONDS
    while True:
        answer = client.describe_stack_drift_detection_status(StackDriftDetectionId=identifier)
        if answer["DetectionStatus"] == "DETECTION_COMPLETE":
            return
        if answer["DetectionStatus"] == "DETECTION_FAILED" or time.monotonic() > deadline:
            raise Problem(
                f"CloudFormation could not detect the drift of {stack}: "
                f"{answer.get('DetectionStatusReason', 'it took too long')}.",
                fix="Start it again; the role needs to read every resource of the stack.",
            )
        time.sleep(_DRIFT_POLL_SECONDS)
