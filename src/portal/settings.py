"""The portal's configuration: the only place of it that reads the environment."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from mtd.domain.errors import ConfigurationError

_SECRET = ("host", "port", "dbname", "sslmode")


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerLogin:
    """The load balancer that logs people in: whose signature counts (its ARN), whom it asked (the issuer), as which
    client, where its public keys are, and the mail address of whoever administers first."""

    signer: str
    issuer: str
    client: str
    keys: str
    administrator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`reader` and `database` are connection strings of the read-only role and of the portal's own; `assets` is where
    the browser's libraries were built; `mail_inbox` is LocalStack's mail listing, empty on AWS; `administrator` is the
    password of the first user, empty where there is none to be made; `secure`: a load balancer speaks https for us, so
    that cookies are for https only and it says who visits; `balancer` is None where people have passwords here."""

    reader: str
    database: str
    api_url: str
    region: str
    assets: Path
    environment: str = "local"
    mail_inbox: str = ""
    administrator: str = ""
    secure: bool = False
    balancer: BalancerLogin | None = None
    idle_seconds: int = 30 * 60
    longest_seconds: int = 8 * 60 * 60

    @property
    def simulates(self) -> bool:
        """Whether the legacy systems are simulators, as in every home but AWS."""
        return self.environment == "local"

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Raises ConfigurationError that names every missing variable at once."""
        env = os.environ if environment is None else environment
        needed = ["PORTAL_READER", "PORTAL_DATABASE", "API_URL", "AWS_REGION", "PORTAL_ASSETS"]
        if env.get("PORTAL_OIDC_SIGNER"):
            needed += ["PORTAL_OIDC_ISSUER", "PORTAL_OIDC_CLIENT", "PORTAL_OIDC_KEYS"]
        missing = [name for name in needed if not env.get(name)]
        if missing:
            raise ConfigurationError(f"missing: {', '.join(missing)}")
        return cls(
            reader=_conninfo("PORTAL_READER", env),
            database=_conninfo("PORTAL_DATABASE", env),
            api_url=env["API_URL"].rstrip("/"),
            region=env["AWS_REGION"],
            assets=Path(env["PORTAL_ASSETS"]),
            environment=env.get("PORTAL_ENVIRONMENT", "local"),
            mail_inbox=env.get("PORTAL_MAIL_INBOX", ""),
            administrator=env.get("PORTAL_ADMINISTRATOR", ""),
            secure=env.get("PORTAL_SECURE") == "true",
            balancer=_balancer(env) if env.get("PORTAL_OIDC_SIGNER") else None,
        )


def _balancer(env: Mapping[str, str]) -> BalancerLogin:
    return BalancerLogin(
        signer=env["PORTAL_OIDC_SIGNER"],
        issuer=env["PORTAL_OIDC_ISSUER"],
        client=env["PORTAL_OIDC_CLIENT"],
        keys=env["PORTAL_OIDC_KEYS"].rstrip("/"),
        administrator=env.get("PORTAL_OIDC_ADMINISTRATOR", "").strip().lower(),
    )


def _conninfo(name: str, env: Mapping[str, str]) -> str:
    """A connection string, or the JSON of Secrets Manager's secret, as ECS hands it over."""
    given = env[name].strip()
    if not given.startswith("{"):
        return given
    try:
        secret = json.loads(given)
        values = {key: secret[key] for key in _SECRET if key in secret}
        return make_conninfo("", user=secret["username"], password=secret["password"], **values)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{name} is no secret of a database user: {error!r}") from error
