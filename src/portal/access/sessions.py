"""Sessions in PostgreSQL: 30 minutes idle, 8 hours at most; the cookie's token is known to the browser only."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from mtd.domain.errors import NotFound
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.sql import load
from portal.access.accounts import Role
from portal.database import Database

_SQL = load(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The visitor, with the code and name of the tenant. `groups` are those whose tasks the person does."""

    session_id: int
    user_id: int
    tenant: str
    tenant_name: str
    name: str
    role: Role
    csrf: str
    groups: tuple[str, ...] = ()

    @property
    def is_platform(self) -> bool:
        """Whether the session is the platform tenant's, which runs the system."""
        return self.tenant == PLATFORM_TENANT


class Sessions:
    """Opened by a login, ended by a logout, a revocation or time."""

    def __init__(self, database: Database, *, idle_seconds: int, longest_seconds: int) -> None:
        self._database = database
        self._limits = {"idle_seconds": idle_seconds, "longest_seconds": longest_seconds}

    def open(self, tenant: str, user_id: int, address: str, agent: str) -> str:
        """The token for the cookie."""
        token = secrets.token_urlsafe(32)
        self._database.of(tenant)(
            _SQL["open"],
            {
                "token_hash": _hash(token),
                "user_id": user_id,
                "csrf": secrets.token_urlsafe(24),
                "address": address,
                "agent": agent[:200],
            },
        )
        return token

    def find(self, token: str, *, active: bool = True) -> Session | None:
        """The open session of that token, or None; a request of an `active` person marks it as used now."""
        rows = self._database.outside(_SQL["find"], self._limits | {"token_hash": _hash(token)})
        if not rows:
            return None
        row = rows[0]
        if row.pop("stale") and active:
            self._database.of(row["tenant"])(_SQL["touch"], {"session_id": row["session_id"]})
        return Session(**(row | {"role": Role(row["role"]), "groups": tuple(row["groups"])}))

    def close(self, tenant: str, session_id: int, closed_by: str) -> None:
        """Raises NotFound when it is closed already."""
        if not self._database.of(tenant)(_SQL["close"], {"session_id": session_id, "closed_by": closed_by}):
            raise NotFound(f"there is no open session {session_id}", code="session_unknown")

    def close_all(self, tenant: str, user_id: int, closed_by: str) -> None:
        self._database.of(tenant)(_SQL["close_all"], {"user_id": user_id, "closed_by": closed_by})

    def listed(self, tenant: str) -> list[dict[str, Any]]:
        """The tenant's latest 100, with when each ends or ended."""
        return self._database.of(tenant)(_SQL["listed"], self._limits)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
