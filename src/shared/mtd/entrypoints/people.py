"""API calls on behalf of people: each acts as the caller's tenant, or is the platform tenant's alone."""

from collections.abc import Callable
from typing import Any

from mtd.domain.errors import Forbidden, InvalidRequest
from mtd.domain.json_types import Json
from mtd.domain.tenants import PLATFORM_TENANT, is_code
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, ApiHandler, api_handler

HEADER = "x-mtd-tenant"
"""Part of what the caller signs."""

type Serve = Callable[[ApiEvent, Json, Any], Any]


def tenant_of(event: ApiEvent) -> str:
    """The tenant that the caller names, else the platform tenant. Raises InvalidRequest for a malformed code."""
    named = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    code: str = named.get(HEADER, PLATFORM_TENANT)
    if not is_code(code):
        raise InvalidRequest(f"the header {HEADER} must be the code of a tenant", code="tenant_malformed")
    return code


def people_handler(serve: Serve) -> ApiHandler:
    """A handler for which PostgreSQL shows rows of the caller's tenant only: another tenant's are not found (404)."""

    def act(event: ApiEvent, body: Json, context: Any) -> Any:
        with composition.tenants().acting_for(tenant_of(event)):
            return serve(event, body, context)

    return api_handler(act)


def platform_handler(serve: Serve) -> ApiHandler:
    """A handler of an operation on all tenants: only the platform tenant may ask for it."""

    def act(event: ApiEvent, body: Json, context: Any) -> Any:
        if tenant_of(event) != PLATFORM_TENANT:
            raise Forbidden("this concerns all tenants: only the platform tenant may do it")
        return serve(event, body, context)

    return api_handler(act)
