"""A deployment into the running local instance: its functions serve the work tree, so what is deployed is the templates
as they are now; reviewed, migrated and tried as anywhere else."""

from collections.abc import Callable, Sequence

from delivery.deployment.changes import Change, ensure_kept
from delivery.deployment.deployment import local_package, upload, url_of
from delivery.packaging.migrations import ensure_expand_only
from delivery.release import smoke
from delivery.targets.local import LocalTarget
from devenv.backends.choice import recorded_backend, servers_of
from devenv.backends.environment import redeploy
from devenv.console.steps import Steps
from devenv.instance import ENVIRONMENT
from devenv.running import Running


def deploy(
    running: Running,
    steps: Steps,
    show: Callable[[Sequence[Change]], None],
    accepted: tuple[str, ...],
    *,
    review: bool,
) -> str:
    """Deploys the work tree and returns a sentence about it. Raises Problem. Nothing is rolled back: a saved file is
    served at once."""
    instance = running.instance
    ensure_expand_only(instance.project / "src" / "shared" / "mtd" / "migrations")
    target = LocalTarget.of(running, bake_seconds=0.0)
    with steps.step("Change set made"):
        changes = _changes(target, running)
    show(changes)
    ensure_kept(changes, accepted)
    if review:
        return "nothing was changed"
    with steps.step("Stack deployed, database migrated") as step:
        step.note = redeploy(instance)
    with steps.step("Smoke: XML in, row and mail out") as step:
        order = instance.project / "seed" / "orders" / "CL-2026-000001.xml"
        step.note = smoke.try_one(target, Running.of(instance).output("InboxBucket"), order, lambda: None)
    return f"the work tree serves {ENVIRONMENT}"


def _changes(target: LocalTarget, running: Running) -> list[Change]:
    servers = servers_of(running.instance, recorded_backend(running.document))
    packaged = local_package(running.instance, running.endpoint, servers.layer_platform())
    root = f"templates/{packaged.fingerprint}-root.json"
    upload(target.clients, target.bucket, packaged, root)
    stack = target.stack
    name = stack.propose(url_of(running.endpoint, target.bucket)(root), stack.parameters(), kind="UPDATE")
    if name is None:
        return []
    try:
        return target.changes_of(name, root)
    finally:
        stack.discard(name)
