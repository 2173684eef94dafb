"""Deploys into LocalStack: prerequisites, package, upload, a new stack if the template changed, migration."""

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery.deployment import prerequisites
from delivery.deployment.stack import Stack
from delivery.packaging import layer
from delivery.packaging.packaging import Packaged, PackagingPlan, package
from delivery.packaging.parameters import collect, defaults, parameters_file
from devenv.aws import Clients
from devenv.backends import simulator
from devenv.backends.postgres import DATABASE, ROLE
from devenv.backends.servers import Endpoints
from devenv.instance import ENVIRONMENT, REGION, Instance
from devenv.passwords import InstancePasswords
from devenv.problem import Problem

Replacing = Callable[[Clients, Stack], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDeployment:
    """`fresh` is True when this deployment created a stack. `fingerprint` names the template and the file's
    parameters."""

    outputs: dict[str, str]
    fingerprint: str
    fresh: bool


def url_of(endpoint: str | None, bucket: str) -> Callable[[str], str]:
    """A function from a key to the URL from which CloudFormation reads that template."""
    base = endpoint or f"https://s3.{REGION}.amazonaws.com"
    return lambda key: f"{base}/{bucket}/{key}"


def local_package(instance: Instance, endpoint: str, target: layer.LayerPlatform) -> Packaged:
    """The templates for LocalStack, which runs functions from their folders."""
    bucket = prerequisites.artifact_bucket()
    plan = PackagingPlan(
        bucket=bucket,
        url=url_of(endpoint, bucket),
        build_folder=instance.build,
        layer=lambda source: layer.build(source, instance.build, target),
        hot=True,
    )
    return package(instance.project / "cloudformation" / "template.yaml", plan)


def deploy(
    instance: Instance,
    clients: Clients,
    packaged: Packaged,
    endpoints: Endpoints,
    passwords: InstancePasswords,
    *,
    current: str | None,
    replacing: Replacing,
    restart: Callable[[], None],
) -> LocalDeployment:
    """Deploys the packaged template.

    `current` is the fingerprint of the current stack, which is kept if the fingerprint is the same. `replacing` wraps
    the replacement of a stack and carries its content over. `restart` empties LocalStack, which cannot delete a stack
    whose creation failed. Raises Problem."""
    stack = Stack(clients.client("cloudformation"), instance.stack)
    status = stack.status()
    set_by_file = parameters_file(instance.project, _parameters_name(instance))
    fingerprint = hashlib.sha256(f"{packaged.fingerprint} {sorted(set_by_file.items())}".encode()).hexdigest()[:32]
    processes = diagrams(instance.project)
    if status == "CREATE_COMPLETE" and current == fingerprint:
        outputs = stack.outputs()
        migrate(clients, ENVIRONMENT, processes, outputs)
        return LocalDeployment(outputs=outputs, fingerprint=fingerprint, fresh=False)
    if status is not None and status != "CREATE_COMPLETE":
        restart()
        status = None
    with replacing(clients, stack) if status is not None else nullcontext():
        if status is not None:
            try:
                stack.delete()
            except Problem:
                restart()
        url, parameters = _prepare(instance, clients, packaged, endpoints, passwords)
        outputs = stack.apply(url, parameters)
        migrate(clients, ENVIRONMENT, processes, outputs)
    resume(clients)
    return LocalDeployment(outputs=outputs, fingerprint=fingerprint, fresh=True)


def _prepare(
    instance: Instance,
    clients: Clients,
    packaged: Packaged,
    endpoints: Endpoints,
    passwords: InstancePasswords,
) -> tuple[str, dict[str, str]]:
    """Makes what a stack needs before its creation; returns (the URL of the root template, the parameters)."""
    secret = prerequisites.database_secret(
        clients,
        host=endpoints.database_host,
        port=endpoints.database_port,
        username=ROLE,
        password=passwords.application,
        dbname=DATABASE,
    )
    bucket = prerequisites.make_artifact_bucket(clients)
    at_run_time = simulator.urls(endpoints.simulator) | {
        "Environment": ENVIRONMENT,
        "DatabaseSecretArn": secret,
        "ApiEndpoint": f"{clients.endpoint}/_aws/execute-api",
        "ArtifactBucket": bucket,
    }
    parameters = collect(instance.project, _parameters_name(instance), at_run_time)
    prerequisites.verify_senders(clients, defaults(instance.project) | parameters)
    key = f"templates/{packaged.fingerprint}-root.json"
    upload(clients, bucket, packaged, key)
    prerequisites.remove_log_groups(clients)
    return url_of(clients.endpoint, bucket)(key), parameters


def _parameters_name(instance: Instance) -> str:
    """The file of cloudformation/environments: MTD_PARAMETERS, which tests set, or that of the environment."""
    return instance.setting("MTD_PARAMETERS") or ENVIRONMENT


def upload(clients: Clients, bucket: str, packaged: Packaged, root_key: str) -> None:
    """Uploads all files in parallel. The key of a hot layer names its third-party part only, so every file is put."""
    client = clients.client("s3")

    def put(item: tuple[str, Path]) -> None:
        key, path = item
        client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())

    with ThreadPoolExecutor(8) as pool:
        root = pool.submit(client.put_object, Bucket=bucket, Key=root_key, Body=packaged.body.encode())
        list(pool.map(put, packaged.uploads.items()))
        root.result()


def diagrams(project: Path) -> dict[str, str]:
    """The diagrams of seed/processes by name, which every environment imports."""
    return {path.stem: path.read_text("utf-8") for path in sorted((project / "seed" / "processes").glob("*.bpmn"))}


def migrate(
    clients: Clients,
    environment: str,
    processes: Mapping[str, str],
    outputs: Mapping[str, str],
    *,
    qualifier: str = "live",
) -> None:
    """Calls migrate_database with the diagrams, and with the secrets of the database's users if the stack has a
    database.

    `qualifier` is a version or alias of the function. Raises Problem with the function's error."""
    event: dict[str, Any] = {"processes": dict(processes)}
    if "AdministratorSecretArn" in outputs:
        named = {"administrator": "AdministratorSecretArn", "reader": "ReaderSecretArn", "portal": "PortalSecretArn"}
        event["users"] = {user: outputs[name] for user, name in named.items() if name in outputs}
    function = f"mtd-{environment}-migrate_database:{qualifier}"
    _call(clients, function, event, failed="The database could not be migrated")


def resume(clients: Clients, environment: str = ENVIRONMENT) -> None:
    """Has relay_outbox send messages for the orders in flight, because their messages were deleted with the old queues.
    Raises Problem with the function's error."""
    function = f"mtd-{environment}-relay_outbox:live"
    _call(clients, function, {"forgotten_seconds": 0}, failed="The orders in flight could not be resumed")


def _call(clients: Clients, function: str, event: dict[str, Any], *, failed: str) -> None:
    answer = clients.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    payload = answer["Payload"].read().decode("utf-8", "replace")
    if answer.get("FunctionError"):
        try:
            failure = json.loads(payload)
            reason = f"{failure.get('errorType', 'error')}: {failure.get('errorMessage', payload)}"
        except (ValueError, AttributeError):
            reason = payload
        raise Problem(f"{failed}: {reason[:600]}", fix=f"Read the log of {function}.")
