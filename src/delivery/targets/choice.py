"""Chooses the target of a deployment: the account of an environment, or its rehearsal in the running instance."""

from collections.abc import Mapping

from delivery.targets.account import AccountTarget
from delivery.targets.rehearsal import RehearsalTarget
from delivery.targets.target import Target
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running


def target_of(
    environment: str,
    instance: Instance,
    known: Mapping[str, str],
    *,
    rehearse: bool,
    bake_seconds: float | None = None,
) -> Target:
    """The account, or a rehearsal with `rehearse` or AWS_ENDPOINT_URL. Raises Problem when AWS_ENDPOINT_URL is not the
    endpoint of the running instance."""
    endpoint = instance.setting("AWS_ENDPOINT_URL").rstrip("/")
    if not endpoint and not rehearse:
        return AccountTarget.of_credentials(environment, known, bake_seconds=bake_seconds)
    running = Running.of(instance)
    if endpoint and endpoint != running.endpoint:
        raise Problem(
            f"AWS_ENDPOINT_URL is {endpoint}, and instance '{instance.name}' answers at {running.endpoint}.",
            fix="Rehearse in the running instance: REHEARSE=1, without AWS_ENDPOINT_URL.",
            code=2,
        )
    return RehearsalTarget.of(environment, running, known, bake_seconds=bake_seconds)
