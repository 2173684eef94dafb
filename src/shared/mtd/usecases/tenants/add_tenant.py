"""Adds a tenant, which can take orders at once, on the platform tenant's process."""

from typing import Protocol

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.domain.tenants import is_code, zone_named
from mtd.usecases.intake.register_orders import PROCESS

_LONGEST_NAME = 80


class TenantRegister(Protocol):
    """The tenants of PostgreSQL."""

    def add(self, code: str, name: str, zone: str | None, process: str) -> None:
        """Keep a tenant with the platform tenant's active version of that process. An existing tenant gets the name,
        and the IANA time zone if one is given."""
        ...


def add_tenant(code: object, name: object, zone: object, register: TenantRegister) -> Json:
    """Add the tenant, in the usual time zone where `zone` is None. Raises InvalidRequest that names the field."""
    if not isinstance(code, str) or not is_code(code):
        raise InvalidRequest(
            "code must begin with a letter a to z and go on with letters, digits and hyphens, 40 characters at most",
            code="tenant_malformed",
        )
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name.strip()) <= _LONGEST_NAME:
        raise InvalidRequest(f"name must be a text of 1 to {_LONGEST_NAME} characters", code="name_malformed")
    if not (zone is None or zone_named(zone)):
        raise InvalidRequest("zone must be an IANA time zone, such as America/Santiago", code="zone_malformed")
    register.add(code, name.strip(), zone if isinstance(zone, str) else None, PROCESS)
    return {"code": code, "name": name.strip()}
