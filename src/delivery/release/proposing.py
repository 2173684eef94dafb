"""Change sets of a build: made, looked into, taken back; and a second one where the first was for the making alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from delivery.deployment import prerequisites
from delivery.release import builds, emulated
from delivery.release.builds import Build
from delivery.release.changes import Change, ensure_kept
from delivery.release.making import while_making
from delivery.release.review import changes_of
from delivery.release.target import Target
from devenv.console.steps import Steps
from devenv.problem import Problem

_UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change set that nobody has executed; `name` is None when nothing would change. It has the parameters `making`;
    a second one brings `parameters` where those are others. `only_code`: the emulator can have it done without
    CloudFormation."""

    name: str | None
    kind: str
    template: str
    parameters: dict[str, str]
    making: dict[str, str]
    changes: list[Change] = field(default_factory=list)
    only_code: bool = False


def propose(target: Target, build: Build, steps: Steps, *, despite_alarms: bool, overwrite: bool = True) -> Proposal:
    """Puts the build and makes its change set, which nobody has executed then. A review does not `overwrite` what
    others put. Raises Problem."""
    with steps.step("Build put, change set made") as step:
        template = builds.put(build, target.clients, target.bucket, target.address, overwrite=overwrite)
        stack = target.stack
        status = stack.status()
        new = status in {None, "REVIEW_IN_PROGRESS"}
        if not new and status not in _UPDATABLE:
            raise Problem(
                f"Stack {stack.name} is {status}: no change set can be made of it.",
                fix="ROLLBACK_COMPLETE is a first deployment that failed, and nothing is left: 'aws cloudformation "
                f"delete-stack --stack-name {stack.name}', then deploy again. Otherwise its events say why.",
            )
        standing = {} if new else stack.parameters()
        parameters = target.parameters(build, standing)
        if target.emulated:
            prerequisites.verify_senders(target.clients, parameters)
            # Its second change set is played past CloudFormation, which goes on telling the first one's values.
            parameters |= {name: standing[name] for name in builds.MAKING if name in standing}
        kind = "CREATE" if new else "UPDATE"
        making = while_making(
            parameters, () if new else stack.resources(), root=stack.name, new=new, despite_alarms=despite_alarms
        )
        name = stack.propose(template, making, kind=kind)
        changes = [] if name is None else changes_of(target, name, _key(target, template))
        step.note = f"{len(changes)} changes" if name else "no changes"
    return Proposal(
        name=name,
        kind=kind,
        template=template,
        parameters=parameters,
        making=making,
        changes=changes,
        only_code=target.emulated and emulated.only_code(changes, parameters, standing),
    )


def discard(target: Target, proposal: Proposal) -> None:
    """Takes a change set back."""
    if proposal.name is None:
        return
    target.stack.discard(proposal.name)
    if proposal.kind == "CREATE" and target.emulated:
        target.stack.delete()  # on AWS it stays, in review, and nothing is in it


def update(target: Target, template: str, parameters: Mapping[str, str]) -> None:
    """Brings the stack to a template that stood or stands, unless that would destroy what keeps state. Raises
    Problem."""
    stack = target.stack
    name = stack.propose(template, dict(parameters), kind="UPDATE")
    if name is None:
        return
    try:
        ensure_kept(changes_of(target, name, _key(target, template)), ())
    except Problem:
        stack.discard(name)
        raise
    stack.execute(name, kind="UPDATE")


def _key(target: Target, template: str) -> str:
    """The root template's key in the artifact bucket."""
    return template.rpartition(f"/{target.bucket}/")[2]
