"""Changes that no deployment made: resources differ from their templates, or traffic from the last record."""

import base64
import hashlib
from collections.abc import Iterator

from delivery.release import record, traffic
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
        if now is None:
            yield f"{name} has no alias {traffic.ALIAS} any more"
        elif now != version:
            yield f"{name} serves version {now}; {version} was deployed"


def _code(target: Target, last: DeploymentRecord) -> Iterator[str]:
    """The code of each served version against the artifact bucket's: the alias may be right and the version not."""
    client, s3 = target.clients.client("lambda"), target.clients.client("s3")
    for name, version in sorted(traffic.serving(target).items()):
        key = last.code.get(name.removeprefix(target.prefix))
        if key is None:
            yield f"{name} is a function that the build does not know"
            continue
        body = s3.get_object(Bucket=target.bucket, Key=key)["Body"].read()
        built = base64.b64encode(hashlib.sha256(body).digest()).decode()
        served = client.get_function_configuration(FunctionName=name, Qualifier=version)["CodeSha256"]
        if served != built:
            yield f"{name} serves code that is not build {last.digest[:12]}'s"


def _parameters(target: Target, last: DeploymentRecord) -> Iterator[str]:
    standing = target.stack.parameters()
    for name, value in sorted(last.parameters.items()):
        if standing.get(name, value) != value:
            yield f"parameter {name} is {standing[name]}; {value} was deployed"
