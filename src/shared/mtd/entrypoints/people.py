"""API calls on behalf of people. Each acts as the caller's tenant; some only the platform tenant may make."""

from collections.abc import Mapping
from typing import Any

from mtd.domain.errors import Forbidden, InvalidRequest
from mtd.domain.json_types import Json
from mtd.domain.tenants import PLATFORM_TENANT, is_code
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, ApiHandler, Serve, api_handler, routed

HEADER = "x-mtd-tenant"
"""The header that names the tenant. The caller signs it."""


def tenant_of(event: ApiEvent) -> str:
    """The tenant that the caller names, else the platform tenant. Raises InvalidRequest for a malformed code."""
    named = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    code: str = named.get(HEADER, PLATFORM_TENANT)
    if not is_code(code):
        raise InvalidRequest(f"the header {HEADER} must be the code of a tenant", code="tenant_malformed")
    return code


def people_handler(routes: Mapping[str, Serve]) -> ApiHandler:
    """A handler of these operations, for which PostgreSQL shows rows of the caller's tenant only.

    Another tenant's rows are not found (404).
    """
    serve = routed(routes)

    def act(event: ApiEvent, body: Json, context: Any) -> Any:
        with composition.tenants().acting_for(tenant_of(event)):
            return serve(event, body, context)

    return api_handler(act)


def platform_handler(routes: Mapping[str, Serve]) -> ApiHandler:
    """A handler of operations on all tenants: only the platform tenant may ask for them."""
    serve = routed(routes)

    def act(event: ApiEvent, body: Json, context: Any) -> Any:
        if tenant_of(event) != PLATFORM_TENANT:
            raise Forbidden("this request concerns all tenants: only the platform tenant may send it")
        return serve(event, body, context)

    return api_handler(act)
