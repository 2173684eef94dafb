"""secrets.json: the passwords of an instance, generated once; only the file's owner can read it."""

import json
import secrets
from dataclasses import asdict, dataclass, fields

from devenv.instance import Instance
from devenv.problem import Problem
from devenv.state import write_json


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePasswords:
    """`postgres` is the password of the superuser, `application` of role mtd, `reader` and `portal` of the portal's two
    roles. `administrator` is the password of the portal's first user."""

    postgres: str
    application: str
    reader: str
    portal: str
    administrator: str

    @classmethod
    def of(cls, instance: Instance) -> "InstancePasswords":
        """Reads the passwords and generates those that are missing. Raises Problem for a file that cannot be read."""
        path = instance.folder / "secrets.json"
        made = {field.name: secrets.token_urlsafe(24) for field in fields(cls)}
        try:
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
            kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
            if made.keys() <= kept.keys():
                return cls(**kept)
            # Instances older than the portal have the first two passwords only.
            passwords = cls(**{**made, "postgres": kept["postgres"], "application": kept["application"]})
        except FileNotFoundError:
            passwords = cls(**made)
        except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
            raise Problem(
                f"The secrets of instance '{instance.name}' cannot be read ({path}: {error}).",
                fix=f"Run '{instance.command('mtd down --wipe')}' and start again. This creates a new, empty database.",
            ) from error
        write_json(path, asdict(passwords), mode=0o600)
        return passwords
