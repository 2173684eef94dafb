"""Where a build goes: an account of AWS, or the emulator of the running instance that plays one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg import sql

from delivery.deployment import prerequisites
from delivery.deployment.stack import Stack
from delivery.packaging.builds import Build
from devenv.aws import Clients
from devenv.backends import simulator
from devenv.backends.choice import recorded_backend, servers_of
from devenv.backends.postgres import ROLE
from devenv.instance import ENVIRONMENT, REGION, Instance
from devenv.passwords import InstancePasswords
from devenv.problem import Problem
from devenv.running import Running

_AWS_SECONDS = 3600.0
_AWS_POLL_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`address` is where CloudFormation reads the artifact bucket; `known` are parameters that no file sets; `role`
    is what CloudFormation makes resources with. Alarms are watched for `bake_seconds`, every `look_seconds`."""

    environment: str
    clients: Clients
    bucket: str
    address: str
    bake_seconds: float
    look_seconds: float
    known: Mapping[str, str] = field(default_factory=dict)
    role: str | None = None
    emulated: bool = False

    @property
    def prefix(self) -> str:
        """What the names of everything in the environment begin with."""
        return f"mtd-{self.environment}-"

    @property
    def stack(self) -> Stack:
        client = self.clients.client("cloudformation")
        if self.emulated:
            return Stack(client, f"mtd-{self.environment}")
        name = f"mtd-{self.environment}"
        return Stack(client, name, seconds=_AWS_SECONDS, poll_seconds=_AWS_POLL_SECONDS, role=self.role)

    def parameters(self, build: Build, standing: Mapping[str, str]) -> dict[str, str]:
        """The file of the build, then what is known here, then what stands. Raises Problem for one without a value."""
        declared = build.template()["Parameters"]
        values = {**standing, **build.parameters(self.environment), **self.known}
        strange = sorted(name for name in self.known if name not in declared)
        missing = sorted(name for name, item in declared.items() if name not in values and "Default" not in item)
        if strange:
            raise Problem(f"The template declares no parameter {', '.join(strange)}.", fix="Correct --parameter.")
        if missing:
            raise Problem(
                f"No value is known for {', '.join(missing)}.",
                fix=f"Set it in cloudformation/environments/{self.environment}.json and build again, or --parameter.",
            )
        return {name: value for name, value in values.items() if name in declared}


def of(
    environment: str,
    instance: Instance,
    known: Mapping[str, str],
    *,
    rehearse: bool,
    bake_seconds: float | None = None,
) -> Target:
    """The environment's account; or, to rehearse it or where AWS_ENDPOINT_URL is set, the running instance. Raises
    Problem when that is another endpoint than the instance's."""
    endpoint = instance.setting("AWS_ENDPOINT_URL").rstrip("/")
    if not endpoint and not rehearse:
        return aws(environment, known, bake_seconds=bake_seconds)
    running = Running.of(instance)
    if endpoint and endpoint != running.endpoint:
        raise Problem(
            f"AWS_ENDPOINT_URL is {endpoint}, and instance '{instance.name}' answers at {running.endpoint}.",
            fix="Rehearse in the running instance: REHEARSE=1, without AWS_ENDPOINT_URL.",
            code=2,
        )
    return rehearsal(environment, running, known, bake_seconds=bake_seconds)


def aws(environment: str, known: Mapping[str, str], *, bake_seconds: float | None = None) -> Target:
    """The account that the caller's credentials are of; its bucket is made by cloudformation/bootstrap.yaml."""
    clients = Clients(None)
    try:
        account = clients.account()
    except (BotoCoreError, ClientError) as error:
        raise Problem(
            f"No account of AWS lets this in: {error}",
            fix="Sign in ('aws sso login', or the role of CI), or rehearse in the running instance: REHEARSE=1.",
        ) from error
    return Target(
        environment=environment,
        clients=clients,
        bucket=f"mtd-artifacts-{environment}-{account}",
        address=f"https://s3.{REGION}.amazonaws.com",
        bake_seconds=300.0 if bake_seconds is None else bake_seconds,
        look_seconds=10.0,
        known=known,
        role=f"arn:aws:iam::{account}:role/mtd-{environment}-cloudformation",
    )


def local(running: Running, *, bake_seconds: float) -> Target:
    """The running instance itself."""
    return Target(
        environment=ENVIRONMENT,
        clients=running.clients,
        bucket=prerequisites.artifact_bucket(),
        address=running.endpoint,
        bake_seconds=bake_seconds,
        look_seconds=0.5,
        emulated=True,
    )


def rehearsal(
    environment: str, running: Running, known: Mapping[str, str], *, bake_seconds: float | None = None
) -> Target:
    """The running instance's emulator as the environment's account: without its platform, which an emulator only
    pretends, with a database of its own in the instance's PostgreSQL, and with the simulator for the legacy systems."""
    clients = running.clients
    database = f"mtd_{environment}"
    _ensure_database(running, database)
    endpoints = servers_of(running.instance, recorded_backend(running.document)).endpoints(running.document["ports"])
    secret = prerequisites.database_secret(
        clients,
        host=endpoints.database_host,
        port=endpoints.database_port,
        username=ROLE,
        password=InstancePasswords.of(running.instance).application,
        dbname=database,
        environment=environment,
    )
    played = simulator.urls(endpoints.simulator) | {
        "Platform": "false",
        "CodeDeploy": "false",
        "DatabaseSecretArn": secret,
        "ApiEndpoint": f"{clients.endpoint}/_aws/execute-api",
        "VisibilitySeconds": "30",
    }
    return Target(
        environment=environment,
        clients=clients,
        bucket=prerequisites.make_artifact_bucket(clients, environment),
        address=running.endpoint,
        bake_seconds=75.0 if bake_seconds is None else bake_seconds,
        look_seconds=1.0,
        known={**played, **known},
        emulated=True,
    )


def _ensure_database(running: Running, name: str) -> None:
    with psycopg.connect(running.conninfo(), autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
