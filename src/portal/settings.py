"""The portal's configuration: the only place of it that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mtd.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`reader` and `database` are connection strings of the read-only role and of the portal's own; `assets` is where
    the browser's libraries were built; `mail_inbox` is LocalStack's mail listing, empty on AWS; `administrator` is the
    password of the first user, empty where there is none to be made; `secure` marks cookies for https only."""

    reader: str
    database: str
    api_url: str
    region: str
    assets: Path
    environment: str = "local"
    mail_inbox: str = ""
    administrator: str = ""
    secure: bool = False
    idle_seconds: int = 30 * 60
    longest_seconds: int = 8 * 60 * 60

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Raises ConfigurationError that names every missing variable at once."""
        env = os.environ if environment is None else environment
        needed = ("PORTAL_READER", "PORTAL_DATABASE", "API_URL", "AWS_REGION", "PORTAL_ASSETS")
        missing = [name for name in needed if not env.get(name)]
        if missing:
            raise ConfigurationError(f"missing: {', '.join(missing)}")
        return cls(
            reader=env["PORTAL_READER"],
            database=env["PORTAL_DATABASE"],
            api_url=env["API_URL"].rstrip("/"),
            region=env["AWS_REGION"],
            assets=Path(env["PORTAL_ASSETS"]),
            environment=env.get("PORTAL_ENVIRONMENT", "local"),
            mail_inbox=env.get("PORTAL_MAIL_INBOX", ""),
            administrator=env.get("PORTAL_ADMINISTRATOR", ""),
            secure=env.get("PORTAL_SECURE") == "true",
        )
