"""secrets.json: the passwords of an instance, made once, readable by its owner only."""

import json
import secrets
from dataclasses import asdict, dataclass, fields

from devenv.instance import Instance
from devenv.problem import Problem
from devenv.state import write_json


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePasswords:
    """`postgres` is the superuser's password, `application` the one of role mtd, `reader` and `portal` those of the
    portal's two roles, `administrator` the one with which a person first logs in to the portal."""

    postgres: str
    application: str
    reader: str
    portal: str
    administrator: str

    @classmethod
    def of(cls, instance: Instance) -> "InstancePasswords":
        """Reads them, and makes those that are not there yet. Raises Problem for a broken file."""
        path = instance.folder / "secrets.json"
        made = {field.name: secrets.token_urlsafe(24) for field in fields(cls)}
        try:
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
            kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
            if made.keys() <= kept.keys():
                return cls(**kept)
            # What came with the portal is added to the secrets of an older instance.
            passwords = cls(**{**made, "postgres": kept["postgres"], "application": kept["application"]})
        except FileNotFoundError:
            passwords = cls(**made)
        except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
            raise Problem(
                f"The secrets of instance '{instance.name}' cannot be read ({path}: {error}).",
                fix=f"Run '{instance.command('mtd down --wipe')}' and start again; its database is made anew.",
            ) from error
        write_json(path, asdict(passwords), mode=0o600)
        return passwords
