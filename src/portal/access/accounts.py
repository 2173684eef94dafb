"""Users: argon2id passwords, roles, throttled guesses, and the authenticator that every login goes through."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.sql import load
from portal.database import Database

_SQL = load(__name__)
SHORTEST_PASSWORD = 12
_TRIES_OF_A_NAME_AT_AN_ADDRESS = 5
_TRIES_OF_AN_ADDRESS = 20
_TRIES_OF_A_NAME = 100
_MOST_GROUPS, _LONGEST_GROUP = 50, 100
# One plain address: no line break, list or display name may reach the head of a mail.
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_LONGEST_ADDRESS = 254
_HASHER = PasswordHasher()

type Row = dict[str, Any]


class Role(StrEnum):
    """A person's permissions; each role includes the one before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"

    def may(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The proof of identity: `name` and `password` that they typed, or the load balancer's `token`."""

    name: str = ""
    password: str = ""
    token: str = ""
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The result of a login: the user and their tenant, or none; `throttled` when the password was not even checked."""

    user_id: int | None = None
    tenant: str = ""
    name: str = ""
    throttled: bool = False


class Authenticator(Protocol):
    """The one way in, whoever proves who it is. Without a form it is asked at once."""

    @property
    def has_form(self) -> bool: ...

    def log_in(self, attempt: Credentials) -> Login: ...


class Accounts:
    """Users in PostgreSQL, each of one tenant; names are unique across tenants. Serves `Authenticator` by passwords."""

    has_form = True

    def __init__(self, database: Database) -> None:
        self._database = database

    def log_in(self, attempt: Credentials) -> Login:
        """Five tries of a name at an address, or twenty of an address, within 15 minutes stop further ones there.

        A hundred tries of a name stop it at all addresses but those where its person has logged in within 30 days, so
        nobody can keep a person out by guessing. A try is counted before its password is verified: a burst of tries at
        once has no more of them than tries one after the other.
        """
        name = attempt.name.strip().lower()
        key = {"name": name[:80], "address": attempt.address}
        [begun] = self._database.outside(_SQL["begin_try"], key)
        [tries] = self._database.outside(_SQL["tries"], key)
        found = self._database.outside(_SQL["user_by_name"], key)
        user = found[0] if found and found[0]["disabled_at"] is None else None
        if self._is_throttled(tries, user, attempt.address):
            self._database.outside(_SQL["withdraw_try"], begun)
            return Login(throttled=True)
        # An unknown name takes as long as a known one, or the time would tell which names there are.
        if not _verified(user["password_hash"] if user else _nobody(), attempt.password) or user is None:
            return Login()
        self._database.outside(_SQL["forget_tries"], key)
        return Login(user_id=user["user_id"], tenant=user["tenant"], name=name)

    def _is_throttled(self, tries: Row, user: Row | None, address: str) -> bool:
        """Whether this try, which is counted already, is one too many."""
        if tries["here"] > _TRIES_OF_A_NAME_AT_AN_ADDRESS or tries["of_address"] > _TRIES_OF_AN_ADDRESS:
            return True
        if tries["of_name"] <= _TRIES_OF_A_NAME:
            return False
        if user is None:
            return True
        place = {"user_id": user["user_id"], "address": address}
        [known] = self._database.of(user["tenant"])(_SQL["known_address"], place)
        return not known["known"]

    def log_in_known(self, name: str, role: Role) -> Login:
        """A person whom the load balancer has logged in; a new one joins the platform tenant, without a password."""
        self._database.of(PLATFORM_TENANT)(_SQL["add_user"], {"name": name, "password_hash": "", "role": role.value})
        [user] = self._database.outside(_SQL["user_by_name"], {"name": name})
        if user["disabled_at"] is not None:
            return Login()
        return Login(user_id=user["user_id"], tenant=user["tenant"], name=name)

    def ensure_first(self, password: str) -> None:
        """Makes the user `admin` of the platform tenant, which has no user yet."""
        [known] = self._database.of(PLATFORM_TENANT)(_SQL["any_user"], {})
        if not known["any"]:
            self._database.of(PLATFORM_TENANT)(
                _SQL["add_first_user"], {"name": "admin", "password_hash": _HASHER.hash(password)}
            )

    def tenants(self, tenant: str) -> list[Row]:
        """The tenants that this one may see: its own; all of them for the platform tenant."""
        return self._database.of(tenant)(_SQL["tenants"], {})

    def users(self, tenant: str) -> list[Row]:
        return self._database.of(tenant)(_SQL["users"], {})

    def add(self, tenant: str, name: str, password: str, role: Role) -> None:
        """Raises InvalidRequest for a name that is taken or a password that is too short."""
        values = {"name": name.strip().lower(), "password_hash": _hash(password), "role": role.value}
        if not self._database.of(tenant)(_SQL["add_user"], values):
            raise InvalidRequest("that name is taken", code="name_taken")

    def change_role(self, tenant: str, user_id: int, role: Role) -> str:
        """The user's name. Raises NotFound, InvalidRequest when nobody could administer any more."""
        if role is not Role.ADMINISTRATOR:
            self._keep_an_administrator(tenant, user_id)
        return self._changed("change_role", tenant, user_id, role=role.value)

    def change_groups(self, tenant: str, user_id: int, groups: Sequence[str]) -> str:
        """The user's name. Raises NotFound, InvalidRequest for more or longer names than a person has groups."""
        if len(groups) > _MOST_GROUPS or any(len(group) > _LONGEST_GROUP for group in groups):
            raise InvalidRequest(f"a person has at most {_MOST_GROUPS} groups", code="groups_malformed")
        return self._changed("change_groups", tenant, user_id, groups=list(groups))

    def change_mail(self, tenant: str, user_id: int, address: str) -> str:
        """The user's name. An empty address ends the mails. Raises NotFound, InvalidRequest for what is no address."""
        if address and (_ADDRESS.fullmatch(address) is None or len(address) > _LONGEST_ADDRESS):
            raise InvalidRequest("that is no mail address", code="mail_malformed")
        return self._changed("change_mail", tenant, user_id, mail=address or None)

    def change_password(self, tenant: str, user_id: int, password: str) -> str:
        """The user's name. Raises NotFound, InvalidRequest for a password that is too short."""
        return self._changed("change_password", tenant, user_id, password_hash=_hash(password))

    def disable(self, tenant: str, user_id: int, *, disabled: bool) -> str:
        """The user's name. Raises NotFound, InvalidRequest when nobody could administer any more."""
        if disabled:
            self._keep_an_administrator(tenant, user_id)
        return self._changed("disable", tenant, user_id, disabled=disabled)

    def _changed(self, query: str, tenant: str, user_id: int, **values: Any) -> str:
        rows = self._database.of(tenant)(_SQL[query], values | {"user_id": user_id})
        if not rows:
            raise NotFound(f"there is no user {user_id}", code="user_unknown")
        return str(rows[0]["name"])

    def _keep_an_administrator(self, tenant: str, user_id: int) -> None:
        [others] = self._database.of(tenant)(_SQL["other_administrators"], {"user_id": user_id})
        if not others["administrators"]:
            raise InvalidRequest("the last administrator stays one", code="last_administrator")


def _hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidRequest(f"a password has at least {SHORTEST_PASSWORD} characters", code="password_short")
    return _HASHER.hash(password)


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody's")


def _verified(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
