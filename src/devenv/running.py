"""The running instance, as commands use it."""

from dataclasses import dataclass
from typing import Any

from psycopg.conninfo import make_conninfo

from devenv.aws import Clients
from devenv.backends.choice import recorded_backend, servers_of
from devenv.backends.postgres import DATABASE, ROLE
from devenv.instance import REGION, Instance
from devenv.orders.orders_client import OrdersClient
from devenv.passwords import InstancePasswords
from devenv.ports import HOST
from devenv.problem import Problem
from devenv.state import Document, StateFile, identities, running


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An instance whose supervisor, LocalStack and PostgreSQL run."""

    instance: Instance
    document: Document
    clients: Clients

    @classmethod
    def of(cls, instance: Instance) -> "Running":
        """Raises Problem when the instance does not run."""
        document = StateFile(instance).read()
        if not running(document, "supervisor") or not document.get("endpoint"):
            raise Problem(f"Instance '{instance.name}' does not run.", fix=f"Start it: {instance.command('make up')}")
        observed = servers_of(instance, recorded_backend(document)).observed()
        for name in ("localstack", "postgres"):
            if observed[name].death:
                raise Problem(
                    f"{name} {observed[name].death}.",
                    fix=f"Read '{instance.command(f'.venv/bin/mtd logs {name}')}', then restart it: "
                    f"{instance.command('make up')}",
                )
        return cls(instance=instance, document=document, clients=Clients(document["endpoint"]))

    @property
    def endpoint(self) -> str:
        return str(self.document["endpoint"])

    def output(self, name: str) -> str:
        """An output of the root stack. Raises Problem when the stack has no such output."""
        value = self.document.get("outputs", {}).get(name)
        if not value:
            raise Problem(
                f"The stack is not deployed: it has no output {name}.",
                fix=f"Deploy it: {self.instance.command('make up')}",
            )
        return str(value)

    @property
    def simulator(self) -> str:
        """The legacy simulator's address."""
        return f"http://{HOST}:{self.document['ports']['simulator']}"

    def pids(self) -> dict[str, int]:
        """The instance's processes by name. A server's further processes are children of its first one."""
        ours = {name: identity.pid for name, identity in identities(self.document).items()}
        return ours | servers_of(self.instance, recorded_backend(self.document)).pids()

    def conninfo(self) -> str:
        """The connection string of the database for its owner."""
        return make_conninfo(
            host=HOST,
            port=self.document["ports"]["postgres"],
            user=ROLE,
            dbname=DATABASE,
            password=InstancePasswords.of(self.instance).application,
        )

    def orders_api(self, tenant: str | None = None) -> OrdersClient:
        """A client of the API for that tenant, or for the platform tenant."""
        credentials: Any = self.clients.client("sts")._request_signer._credentials
        return OrdersClient(self.output("ApiUrl"), credentials, REGION, tenant)
