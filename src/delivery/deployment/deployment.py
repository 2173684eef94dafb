"""Deploys into LocalStack: prerequisites, package, upload, a new stack if the template changed, migration."""

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery.deployment import prerequisites
from delivery.deployment.carry_over import empty_buckets, settle
from delivery.deployment.last_deployment import LastDeployment, deployed_templates
from delivery.deployment.stack import Stack
from delivery.deployment.template_check import check_templates, template_hashes
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDeployment:
    """The stack that serves."""

    outputs: dict[str, str]
    #: Of the template and the file's parameters.
    fingerprint: str
    #: Whether this deployment created a stack.
    fresh: bool
    #: Why the changed templates did not stand. The stack is the earlier one again.
    failure: Problem | None = None


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
    keep: Callable[[], object],
    restart: Callable[[], None],
) -> LocalDeployment:
    """Deploys the packaged template.

    `current` is the fingerprint of the current stack, which is kept if the fingerprint is the same. `keep` writes the
    content of a stack that is replaced to disk; the caller puts it into the stack that serves afterwards. `restart`
    empties LocalStack, which cannot delete a stack whose creation failed.

    A stack that serves is not touched before the templates have passed cfn-lint and every parameter has a value. If the
    new stack does not stand even so, the earlier one is created again, and `failure` says why. Raises Problem.
    """
    stack = Stack(clients.client("cloudformation"), instance.stack)
    status = stack.status()
    set_by_file = parameters_file(instance.project, parameters_name(instance))
    fingerprint = hashlib.sha256(f"{packaged.fingerprint} {sorted(set_by_file.items())}".encode()).hexdigest()[:32]
    processes = diagrams(instance.project)
    if status == "CREATE_COMPLETE" and current == fingerprint:
        outputs = stack.outputs()
        migrate(clients, ENVIRONMENT, processes, outputs)
        return LocalDeployment(outputs=outputs, fingerprint=fingerprint, fresh=False)
    parameters = collect(instance.project, parameters_name(instance), _at_run_time(clients, endpoints))
    new = LastDeployment(
        body=packaged.body,
        uploads={key: str(path) for key, path in packaged.uploads.items()},
        parameters=parameters,
        fingerprint=fingerprint,
        templates=template_hashes(instance.project),
    )
    creation = _Creation(
        instance=instance, clients=clients, endpoints=endpoints, passwords=passwords, stack=stack, processes=processes
    )
    if status == "CREATE_COMPLETE":
        check_templates(instance.project, deployed_templates(instance.folder))
        settle(clients, stack)
        keep()
        empty_buckets(clients, stack)
        try:
            stack.delete()
        except Problem:
            restart()
    elif status is not None:
        restart()
    earlier = LastDeployment.read(instance.folder) if status == "CREATE_COMPLETE" else None
    try:
        outputs = creation.create(new)
    except Problem as failure:
        if earlier is None:
            raise
        restart()
        outputs = creation.create(earlier)
        return LocalDeployment(outputs=outputs, fingerprint=earlier.fingerprint, fresh=True, failure=failure)
    new.write(instance.folder)
    return LocalDeployment(outputs=outputs, fingerprint=fingerprint, fresh=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Creation:
    """The creation of the instance's stack in an emulator that has none."""

    instance: Instance
    clients: Clients
    endpoints: Endpoints
    passwords: InstancePasswords
    stack: Stack
    processes: Mapping[str, str]

    def create(self, deployment: LastDeployment) -> dict[str, str]:
        """Creates the stack, migrates the database, and has the orders in flight go on. Returns the outputs. Raises
        Problem."""
        url, parameters = self._prepare(deployment)
        outputs = self.stack.apply(url, parameters)
        migrate(self.clients, ENVIRONMENT, self.processes, outputs)
        resume(self.clients)
        return outputs

    def _prepare(self, deployment: LastDeployment) -> tuple[str, dict[str, str]]:
        """Makes what a stack needs before its creation; returns (the URL of the root template, the parameters)."""
        secret = prerequisites.database_secret(
            self.clients,
            host=self.endpoints.database_host,
            port=self.endpoints.database_port,
            username=ROLE,
            password=self.passwords.application,
            dbname=DATABASE,
        )
        bucket = prerequisites.make_artifact_bucket(self.clients)
        parameters = deployment.parameters | {"DatabaseSecretArn": secret}
        prerequisites.verify_senders(self.clients, defaults(self.instance.project) | parameters)
        packaged = deployment.packaged
        key = f"templates/{packaged.fingerprint}-root.json"
        upload(self.clients, bucket, packaged, key)
        prerequisites.remove_log_groups(self.clients)
        return url_of(self.clients.endpoint, bucket)(key), parameters


def _at_run_time(clients: Clients, endpoints: Endpoints) -> dict[str, str]:
    """The parameters that no file can know, but for the database's secret, which is made before the stack."""
    return simulator.urls(endpoints.simulator) | {
        "Environment": ENVIRONMENT,
        "ApiEndpoint": f"{clients.endpoint}/_aws/execute-api",
        "ArtifactBucket": prerequisites.artifact_bucket(),
    }


def parameters_name(instance: Instance) -> str:
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
