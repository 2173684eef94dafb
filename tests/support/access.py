"""Writes docs/access.md: the rights of roles and tenants. A test keeps the page current."""

from collections.abc import Iterator
from typing import Any

from delivery.packaging.template import load
from devenv.instance import PROJECT
from portal.access.accounts import Role
from portal.access.guard import Page
from portal.routes import PAGES

DOCUMENT = PROJECT / "docs" / "access.md"
HEADER = "X-MTD-Tenant"
_HEAD = """# Access: roles and tenants

`.venv/bin/python -m tests.support.access > docs/access.md` writes this page from the routes and the API's document.
Tests try each line.

A person acts for one tenant and sees the rows of that tenant only. The portal and the API answer 404, and never 403,
for the rows of another tenant. The platform tenant, `main`, runs the system
([ADR 20](adr/0020-postgresql-keeps-tenants-apart.md)).

## The portal

"Other tenants" are people of any tenant but the platform tenant: they see the rows of their own tenant, or nothing.

"""
_API = """
## The API

Each call is signed. The table names the tenants whose rows the call reads or changes.

"""


def page() -> str:
    """The document."""
    roles = list(Role)
    head = ("Route", "nobody", *(role.value for role in roles), "other tenants")
    lines = [_row(f"`{each.method} {each.path}`", *_portal(each)) for each in PAGES]
    api = [_row(f"`{method} {path}`", whose) for method, path, whose in api_rows()]
    return "\n".join(
        [
            _HEAD.rstrip("\n") + "\n",
            _row(*head),
            _rule(len(head)),
            *lines,
            _API.rstrip("\n") + "\n",
            _row("Path", "Rows"),
            _rule(2),
            *api,
            "",
        ]
    )


def _portal(page: Page) -> Iterator[str]:
    yield "yes" if page.role is None else "login"
    for role in Role:
        yield "yes" if page.role is None or role.may(page.role) else "no"
    yield "no" if page.platform_only else "their own"


def api_rows() -> list[tuple[str, str, str]]:
    """(method, path, tenants whose rows it reads or changes) of each operation in the API's document."""
    paths: dict[str, dict[str, Any]] = load(PROJECT / "cloudformation" / "openapi.yaml")["paths"]
    return [(method.upper(), path, _whose(each)) for path, methods in paths.items() for method, each in methods.items()]


def _whose(operation: dict[str, Any]) -> str:
    if all(parameter["name"] != HEADER for parameter in operation.get("parameters", [])):
        return "all tenants', for functions only"
    return "all tenants', for the platform tenant only" if "403" in operation["responses"] else "the caller's tenant's"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return f"|{'---|' * columns}"


if __name__ == "__main__":
    print(page(), end="")
