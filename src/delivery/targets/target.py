"""A target of deployments: its stack, its artifact bucket, and the operations in which targets differ."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from delivery.deployment.changes import NESTED, Change, changes_in
from delivery.deployment.stack import Stack
from delivery.packaging.builds import MAKING, Build, release_of
from devenv.aws import Clients
from devenv.console.steps import Steps
from devenv.problem import Problem

Outputs = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change set that nobody has executed; `name` is None when nothing would change. `template` is a URL.

    The change set has the parameters `making`; if `parameters` differ from them, a second change set brings those.
    `only_code` is True if the target deploys the changes without CloudFormation."""

    name: str | None
    kind: str
    template: str
    parameters: dict[str, str]
    making: dict[str, str]
    changes: list[Change] = field(default_factory=list)
    only_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(ABC):
    """`address` is where CloudFormation reads the artifact bucket; `known` are parameters that no file sets. Alarms are
    watched for `bake_seconds`, every `look_seconds`."""

    environment: str
    clients: Clients
    bucket: str
    address: str
    bake_seconds: float
    look_seconds: float
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The root stack's name."""
        return f"mtd-{self.environment}"

    @property
    def prefix(self) -> str:
        """The prefix of all names in the environment."""
        return f"{self.name}-"

    def parameters(self, build: Build, current: Mapping[str, str]) -> dict[str, str]:
        """The build's file over the stack's current values, and `known` over both, as they are once the whole stack
        stands. Raises Problem for one without a value."""
        declared = build.template()["Parameters"]
        values = {**current, **build.parameters(self.environment), **self.known}
        strange = sorted(name for name in self.known if name not in declared)
        missing = sorted(name for name, item in declared.items() if name not in values and "Default" not in item)
        if strange:
            raise Problem(f"The template declares no parameter {', '.join(strange)}.", fix="Correct --parameter.")
        if missing:
            raise Problem(
                f"No value is set for {', '.join(missing)}.",
                fix=f"Set it in cloudformation/environments/{self.environment}.json and build again, or --parameter.",
            )
        kept = {name: value for name, value in values.items() if name in declared}
        kept |= {name: "false" for name in MAKING if name in declared}
        # The stack also returns defaults once it exists: without them the same release would have two names.
        whole = {name: str(item["Default"]) for name, item in declared.items() if "Default" in item} | kept
        return kept | ({"Release": release_of(build, whole)} if "Release" in declared else {})

    def key(self, template: str) -> str:
        """The key in the artifact bucket of a template's URL."""
        return template.rpartition(f"/{self.bucket}/")[2]

    def changes_of(self, change_set: str, root: str, stack: str = "") -> list[Change]:
        """Every change of a change set, nested stacks included; `root` is the root template's key in the bucket."""
        found = []
        for change, words in changes_in(stack, self.stack.change_set(change_set)):
            found.append(change)
            if change.kind == NESTED and words.get("ChangeSetId"):
                found += self.changes_of(words["ChangeSetId"], root, f"{stack}/{change.logical_id}".lstrip("/"))
            elif change.kind == NESTED:
                found += self.undescribed_changes(change, words, root)
        return found

    @property
    @abstractmethod
    def stack(self) -> Stack: ...

    @property
    @abstractmethod
    def poll_seconds(self) -> float:
        """The pause between two looks at a function's update."""

    @property
    @abstractmethod
    def portal_repository(self) -> str | None:
        """The repository of the portal's image; None before the stack has made it, or without a registry."""

    @property
    @abstractmethod
    def needs_preflight(self) -> bool:
        """Whether a deployment first checks that the account has what it needs."""

    @property
    @abstractmethod
    def untracked_parameters(self) -> frozenset[str]:
        """The parameters that may change without CloudFormation, and so are no drift."""

    @abstractmethod
    def prepare(self, parameters: dict[str, str], current: Mapping[str, str]) -> dict[str, str]:
        """Makes ready what a change set with these parameters needs, and returns the parameters that the stack ends
        with; `current` are those that it has."""

    @abstractmethod
    def undescribed_changes(self, parent: Change, words: Mapping[str, Any], root: str) -> Iterable[Change]:
        """The changes of a nested stack for which CloudFormation made no change set; `words` describe the parent."""

    @abstractmethod
    def discard(self, proposal: Proposal) -> None:
        """Deletes a proposal's change set."""

    @abstractmethod
    def protect(self) -> None:
        """Protects the stack from its deletion."""

    @abstractmethod
    def settle(self, proposal: Proposal) -> None:
        """Brings `parameters` after the first change set had those of `making`. Raises Problem."""

    @abstractmethod
    def publishes_directly(
        self, changes: list[Change], parameters: Mapping[str, str], current: Mapping[str, str]
    ) -> bool:
        """Whether these changes are deployed as versions and aliases, without CloudFormation; `current` are the
        stack's current parameters."""

    @abstractmethod
    def update(self, proposal: Proposal, steps: Steps, migrate: Callable[[Outputs], None]) -> Outputs:
        """Updates the stack by the proposal and returns its outputs; calls `migrate` for a new stack. Raises
        Problem."""

    @abstractmethod
    def restore(
        self,
        template: str,
        parameters: Mapping[str, str],
        *,
        wait_until_ok: Callable[[], object],
        migrate: Callable[[Outputs], None],
    ) -> None:
        """Brings the stack back to that template. Raises Problem."""

    @abstractmethod
    def drifted_resources(self) -> Iterator[str]:
        """A sentence for each resource that differs from its template. Raises Problem."""


def settle(target: Target, proposal: Proposal, steps: Steps) -> None:
    """Brings the parameters of a proposal whose first change set had others. Raises Problem."""
    if proposal.making != proposal.parameters:
        with steps.step("Schedules started, protection set"):
            target.settle(proposal)
