"""secrets.json: the passwords of an instance, made once, readable by its owner only."""

import json
import secrets
from dataclasses import asdict, dataclass

from devenv.instance import Instance
from devenv.problem import Problem
from devenv.state import write_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """`postgres` is the superuser's password, `application` the one of role mtd."""

    postgres: str
    application: str

    @classmethod
    def of(cls, instance: Instance) -> "Credentials":
        """Reads them, or makes them the first time. Raises Problem for a broken file."""
        path = instance.folder / "secrets.json"
        try:
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            made = cls(postgres=secrets.token_urlsafe(24), application=secrets.token_urlsafe(24))
            write_json(path, asdict(made), mode=0o600)
            return made
        except (ValueError, TypeError, OSError) as error:
            raise Problem(
                f"The secrets of instance '{instance.name}' cannot be read ({path}: {error}).",
                fix=f"Run '{instance.command('mtd down --wipe')}' and start again; its database is made anew.",
            ) from error
