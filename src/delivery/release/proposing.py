"""Makes the change set of a build, which nobody has executed then."""

from delivery.packaging import builds
from delivery.packaging.builds import Build
from delivery.release.making import while_making
from delivery.targets.target import Proposal, Target
from devenv.console.steps import Steps
from devenv.problem import Problem

_UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}


def propose(target: Target, build: Build, steps: Steps, *, despite_alarms: bool, overwrite: bool = True) -> Proposal:
    """Puts the build into the artifact bucket and makes its change set. A review does not `overwrite` another build's
    files. Raises Problem."""
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
        current = {} if new else stack.parameters()
        parameters = target.prepare(target.parameters(build, current), current)
        kind = "CREATE" if new else "UPDATE"
        making = while_making(
            parameters, () if new else stack.resources(), root=stack.name, new=new, despite_alarms=despite_alarms
        )
        name = stack.propose(template, making, kind=kind)
        changes = [] if name is None else target.changes_of(name, target.key(template))
        step.note = f"{len(changes)} changes" if name else "no changes"
    return Proposal(
        name=name,
        kind=kind,
        template=template,
        parameters=parameters,
        making=making,
        changes=changes,
        only_code=target.publishes_directly(changes, parameters, current),
    )
