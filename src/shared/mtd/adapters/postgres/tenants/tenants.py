"""Tenants in PostgreSQL, and the tenant of its connection."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from mtd.adapters.postgres.database import Database
from mtd.domain.errors import NotFound
from mtd.domain.json_types import Json
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.sql import load

_SQL = load(__name__)


class PostgresTenants:
    """Serves `ports.Tenants` and `add_tenant.Register`. Tenants are never deleted, so it keeps them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = {PLATFORM_TENANT}

    def known(self, codes: Iterable[str]) -> frozenset[str]:
        if missing := set(codes) - self._known:
            rows = self._database.query(_SQL["known_tenants"], {"codes": sorted(missing)})
            self._known |= {row["code"] for row in rows}
        return frozenset(self._known)

    @contextmanager
    def acting_for(self, tenant: str) -> Iterator[None]:
        """In the block PostgreSQL shows and takes rows of that tenant only. Raises NotFound for an unknown tenant."""
        if tenant not in self.known([tenant]):
            raise NotFound(
                f"there is no tenant {tenant!r}: add it with 'mtd tenants add', or name another", code="tenant_unknown"
            )
        with self._database.acting_for(tenant):
            yield

    def listed(self) -> Sequence[Json]:
        return self._database.query(_SQL["list_tenants"])

    def add(self, code: str, name: str, zone: str | None, process: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(_SQL["keep_tenant"], {"code": code, "name": name, "zone": zone})
            connection.execute(_SQL["give_process"], {"code": code, "process": process})
