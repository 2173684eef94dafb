"""Changes that no deployment made: resources differ from their templates, or traffic from the last record."""

from collections.abc import Iterator

from delivery.release import record, served, traffic
from delivery.release.record import DeploymentRecord
from delivery.targets.target import Target
from devenv.problem import Problem


def found(target: Target) -> list[str]:
    """A sentence for each difference. Raises Problem when nothing has been deployed."""
    last = record.last(target)
    if last is None:
        raise Problem(
            f"Nothing is recorded in {target.bucket}: no build was deployed into {target.environment}.",
            fix=f"make deploy ENVIRONMENT={target.environment}",
        )
    return [*_traffic(target, last), *_code(target, last), *_parameters(target, last), *target.drifted_resources()]


def _traffic(target: Target, last: DeploymentRecord) -> Iterator[str]:
    serving = traffic.serving(target)
    for name, version in sorted(last.versions.items()):
        now = serving.get(name)
        if now is not None and now != version:
            yield f"{name} serves version {now}; {version} was deployed"


def _code(target: Target, last: DeploymentRecord) -> Iterator[str]:
    """Compares the code and layer of each served version with the artifact bucket."""
    s3 = target.clients.client("s3")

    def of(key: str) -> str:
        return served.sha256(s3.get_object(Bucket=target.bucket, Key=key)["Body"].read())

    if not last.layer:
        return  # a record of before layers were kept; the next deployment keeps one
    yield from served.differences(
        target,
        served.Expected(
            functions={name: of(key) for name, key in last.code.items()},
            layer=of(last.layer),
            release=last.parameters.get("Release", ""),
        ),
    )


def _parameters(target: Target, last: DeploymentRecord) -> Iterator[str]:
    current = target.stack.parameters()
    for name, value in sorted(last.parameters.items()):
        if name in target.untracked_parameters:
            continue
        if current.get(name, value) != value:
            yield f"parameter {name} is {current[name]}; {value} was deployed"
