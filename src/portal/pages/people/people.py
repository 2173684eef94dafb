"""Users, their roles, groups and sessions, and what they did."""

from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.queries.tasks import tasks
from portal.access.accounts import SHORTEST_PASSWORD, Credentials, Role
from portal.rendering.context import Context
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleContext(Context):
    """A tenant's users, their latest sessions and the audit. `roles` and `tenants` are pairs of value and name to
    choose from, `groups` those that processes name, `shortest` the least length of a password."""

    template: ClassVar[str] = "people/people.html"

    users: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    audit: list[dict[str, Any]]
    roles: list[tuple[str, str]]
    tenants: list[tuple[str, str]]
    groups: list[str]
    shortest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountContext(Context):
    """`has_password` unless the load balancer logs people in."""

    template: ClassVar[str] = "people/account.html"

    has_password: bool
    shortest: int


def show(visit: Visit) -> Response:
    services, tenant = visit.services, visit.who.tenant
    return visit.page(
        PeopleContext(
            users=services.accounts.users(tenant),
            sessions=services.sessions.listed(tenant),
            audit=services.audit.latest(tenant),
            roles=[(role.value, visit.say(f"role.{role}")) for role in Role],
            tenants=[(row["code"], row["name"]) for row in services.accounts.tenants(tenant)],
            groups=tasks.known_groups(visit.read),
            shortest=SHORTEST_PASSWORD,
        )
    )


def add(visit: Visit) -> Response:
    """A user of the own tenant; the platform tenant may add another tenant's first user. Raises NotFound."""
    name, role, tenant = visit.form.get("name", ""), _role(visit), visit.form.get("tenant") or visit.who.tenant
    if tenant not in {row["code"] for row in visit.services.accounts.tenants(visit.who.tenant)}:
        raise NotFound(f"there is no tenant {tenant!r}", code="tenant_unknown")
    visit.services.accounts.add(tenant, name, visit.form.get("password", ""), role)
    for audited in {visit.who.tenant, tenant}:
        visit.record("add_user", name, tenant=audited, role=role, whose=tenant)
    return visit.go("/people", "user_added")


def change_role(visit: Visit) -> Response:
    """All of the user's sessions end: none goes on with pages of the role before."""
    user_id, role = visit.number("user_id"), _role(visit)
    name = visit.services.accounts.change_role(visit.who.tenant, user_id, role)
    visit.record("change_role", name, role=role)
    visit.services.sessions.close_all(visit.who.tenant, user_id, visit.who.name)
    return visit.go("/people", "role_changed")


def change_groups(visit: Visit) -> Response:
    """The groups whose tasks the user does, by their names with commas between. Raises NotFound, InvalidRequest."""
    user_id = visit.number("user_id")
    names = (" ".join(name.split()) for name in visit.form.get("groups", "").split(","))
    groups = list(dict.fromkeys(name for name in names if name))
    name = visit.services.accounts.change_groups(visit.who.tenant, user_id, groups)
    visit.record("change_groups", name, groups=groups)
    return visit.go("/people", "groups_changed")


def change_mail(visit: Visit) -> Response:
    """The address for mails about tasks; an empty one ends them. Raises NotFound, InvalidRequest."""
    user_id = visit.number("user_id")
    name = visit.services.accounts.change_mail(visit.who.tenant, user_id, visit.form.get("mail", "").strip())
    visit.record("change_mail", name)
    return visit.go("/people", "mail_changed")


def disable(visit: Visit) -> Response:
    """Ends the user's sessions too."""
    user_id, disabled = visit.number("user_id"), visit.form.get("disabled") == "true"
    name = visit.services.accounts.disable(visit.who.tenant, user_id, disabled=disabled)
    if disabled:
        visit.services.sessions.close_all(visit.who.tenant, user_id, visit.who.name)
    visit.record("disable_user" if disabled else "enable_user", name)
    return visit.go("/people", "user_disabled" if disabled else "user_enabled")


def revoke(visit: Visit) -> Response:
    session_id = visit.number("session_id")
    visit.services.sessions.close(visit.who.tenant, session_id, visit.who.name)
    visit.record("revoke_session", str(session_id))
    return visit.go("/people", "session_revoked")


def show_account(visit: Visit) -> Response:
    return visit.page(AccountContext(shortest=SHORTEST_PASSWORD, has_password=visit.services.authenticator.has_form))


def change_password(visit: Visit) -> Response:
    """One's own password; all of one's sessions end."""
    who = visit.who
    attempt = Credentials(name=who.name, password=visit.form.get("current", ""), address=visit.address)
    login = visit.services.accounts.log_in(attempt)
    if login.user_id is None:
        raise InvalidRequest("the current password is another one", code="password_wrong")
    visit.services.accounts.change_password(who.tenant, who.user_id, visit.form.get("password", ""))
    visit.record("change_password", who.name)
    visit.services.sessions.close_all(who.tenant, who.user_id, who.name)
    return visit.go("/login", "password_changed")


def _role(visit: Visit) -> Role:
    given = visit.form.get("role", "")
    if given not in Role:
        raise InvalidRequest("there is no such role", code="role_unknown")
    return Role(given)
