"""A running instance's LocalStack as a target. Its CloudFormation makes no change sets of nested stacks, and its
updates are not faithful, so new code is published directly and every other change makes a new stack."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from delivery.deployment import prerequisites
from delivery.deployment.carry_over import carried_over
from delivery.deployment.changes import Change, changes_in
from delivery.deployment.deployment import resume
from delivery.deployment.stack import Stack
from delivery.packaging.builds import MAKING, PASSING
from delivery.targets.target import Outputs, Proposal, Target
from devenv.console.steps import Steps

# New code changes resources of these types only. Versions and aliases can be moved without CloudFormation.
_CODE = frozenset({"AWS::CloudFormation::Stack", "AWS::Lambda::Function", "AWS::Lambda::Alias"})
_VERSIONS = frozenset({"AWS::Lambda::Version", "AWS::Lambda::LayerVersion"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedTarget(Target):
    @property
    def stack(self) -> Stack:
        return Stack(self.clients.client("cloudformation"), self.name)

    @property
    def poll_seconds(self) -> float:
        return 0.1

    @property
    def portal_repository(self) -> str | None:
        return None

    @property
    def needs_preflight(self) -> bool:
        return False

    @property
    def untracked_parameters(self) -> frozenset[str]:
        return PASSING

    def prepare(self, parameters: dict[str, str], current: Mapping[str, str]) -> dict[str, str]:
        prerequisites.verify_senders(self.clients, parameters)
        # `settle` enables the rules without CloudFormation, which goes on returning the first change set's values.
        return parameters | {name: current[name] for name in MAKING if name in current}

    def undescribed_changes(self, parent: Change, words: Mapping[str, Any], root: str) -> Iterator[Change]:
        """The changes within a modified nested stack, from a change set of that stack, which is deleted at once."""
        if parent.action != "Modify":
            return
        s3 = self.clients.client("s3")
        body = json.loads(s3.get_object(Bucket=self.bucket, Key=root)["Body"].read())
        url = str(body["Resources"][parent.logical_id]["Properties"]["TemplateURL"])
        key = url.rpartition(f"/{self.bucket}/")[2]
        declared = json.loads(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()).get("Parameters", {})
        stack = Stack(self.clients.client("cloudformation"), str(words["PhysicalResourceId"]))
        current = stack.parameters()
        parameters = {name: current.get(name, _placeholder(item)) for name, item in declared.items()}
        name = stack.propose(url, parameters, kind="UPDATE")
        if name is None:
            return
        try:
            yield from (change for change, _ in changes_in(parent.logical_id, stack.change_set(name)))
        finally:
            stack.discard(name)

    def discard(self, proposal: Proposal) -> None:
        """Deletes the change set, and the empty stack of a creation."""
        if proposal.name is None:
            return
        self.stack.discard(proposal.name)
        if proposal.kind == "CREATE":
            self.stack.delete()

    def protect(self) -> None:
        """Does nothing: a rehearsal may be removed."""

    def settle(self, proposal: Proposal) -> None:
        del proposal
        self._enable_rules()

    def _enable_rules(self) -> None:
        """Enables the rules that a first deployment creates disabled."""
        client = self.clients.client("events")
        for item in self.stack.resources():
            if item.kind == "AWS::Events::Rule":
                client.enable_rule(Name=item.physical_id.rpartition("/")[2])

    def publishes_directly(
        self, changes: list[Change], parameters: Mapping[str, str], current: Mapping[str, str]
    ) -> bool:
        return only_code(changes, parameters, current)

    def update(self, proposal: Proposal, steps: Steps, migrate: Callable[[Outputs], None]) -> Outputs:
        self.discard(proposal)
        with steps.step("Stack created anew"):
            return self._recreate(proposal.template, proposal.parameters, migrate)

    def restore(
        self,
        template: str,
        parameters: Mapping[str, str],
        *,
        wait_until_ok: Callable[[], object],
        migrate: Callable[[Outputs], None],
    ) -> None:
        del wait_until_ok  # no CodeDeploy waits for alarms here
        self._recreate(template, parameters, migrate)

    def drifted_resources(self) -> Iterator[str]:
        """Nothing: LocalStack detects no drift."""
        yield from ()

    def _recreate(self, template: str, parameters: Mapping[str, str], migrate: Callable[[Outputs], None]) -> Outputs:
        stack = self.stack
        with carried_over(self.clients, stack):
            stack.delete()
            prerequisites.remove_log_groups(self.clients, self.environment)
            outputs = stack.apply(template, dict(parameters))
            migrate(outputs)
            self._enable_rules()
        resume(self.clients, self.environment)
        return outputs


def only_code(changes: list[Change], parameters: Mapping[str, str], current: Mapping[str, str]) -> bool:
    """Whether the change set changes functions' code only; versions are added and removed with it. A parameter may also
    be a variable of a function, which new code does not bring."""
    if any(current.get(name, value) != value for name, value in parameters.items() if name not in PASSING):
        return False
    return all(change.kind in _CODE if change.action == "Modify" else change.kind in _VERSIONS for change in changes)


def _placeholder(declared: dict[str, Any]) -> str:
    """A value for a parameter that the current stack does not have; the change set is never executed."""
    return str(declared.get("Default", 0 if declared.get("Type") == "Number" else "none"))
