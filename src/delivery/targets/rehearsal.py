"""A running instance's emulator in the place of an environment's account, to rehearse a deployment."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from delivery.deployment import prerequisites
from delivery.targets.emulated import EmulatedTarget
from devenv.backends import simulator
from devenv.backends.choice import recorded_backend, servers_of
from devenv.backends.postgres import ROLE
from devenv.passwords import InstancePasswords
from devenv.running import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalTarget(EmulatedTarget):
    """The environment without its platform stacks, which an emulator only mocks. It has a database of its own in the
    instance's PostgreSQL, and the simulator for the legacy systems."""

    @classmethod
    def of(
        cls, environment: str, running: Running, known: Mapping[str, str], *, bake_seconds: float | None = None
    ) -> "RehearsalTarget":
        clients = running.clients
        database = f"mtd_{environment}"
        _ensure_database(running, database)
        servers = servers_of(running.instance, recorded_backend(running.document))
        endpoints = servers.endpoints(running.document["ports"])
        secret = prerequisites.database_secret(
            clients,
            host=endpoints.database_host,
            port=endpoints.database_port,
            username=ROLE,
            password=InstancePasswords.of(running.instance).application,
            dbname=database,
            environment=environment,
        )
        rehearsed = simulator.urls(endpoints.simulator) | {
            "Platform": "false",
            "CodeDeploy": "false",
            "PermissionsBoundary": "none",
            "DatabaseSecretArn": secret,
            "ApiEndpoint": f"{clients.endpoint}/_aws/execute-api",
            "VisibilitySeconds": "30",
            "CallerTimeoutSeconds": "30",
        }
        return cls(
            environment=environment,
            clients=clients,
            bucket=prerequisites.make_artifact_bucket(clients, environment),
            address=running.endpoint,
            bake_seconds=75.0 if bake_seconds is None else bake_seconds,
            look_seconds=1.0,
            known={**rehearsed, **known},
        )


def _ensure_database(running: Running, name: str) -> None:
    with psycopg.connect(running.conninfo(), autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
