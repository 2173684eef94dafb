"""The variables of compose.yaml: names, ports, the images' tag, the user's settings, the database's password."""

import hashlib
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from delivery.packaging.artifacts import content_hash, files_of
from devenv.backends import emulator
from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import FAMILIAR

_PORTAL = ("Dockerfile", "requirements.txt", "package.json", "package-lock.json", "start.sh")
# The user of the images, for a host user who is root.
_USER = "10001:10001"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeSettings:
    """One instance's settings; `file` is what `docker compose --env-file` takes."""

    instance: Instance

    @property
    def file(self) -> Path:
        return self.instance.folder / "compose.env"

    @property
    def project(self) -> str:
        """The Compose project: two clones may have instances of the same name."""
        clone = hashlib.sha256(str(self.instance.folder).encode()).hexdigest()[:6]
        return f"mtd-{self.instance.name}-{clone}"

    @property
    def images(self) -> str:
        """The tag of the images: a hash of their sources."""
        project = self.instance.project
        folders = [project / "localstack", project / "src" / "legacy_simulator", project / "src" / "portal" / "node"]
        files = [(str(path.relative_to(project)), path) for folder in folders for _, path in files_of(folder)]
        # The portal's sources are mounted, so a saved page needs no new image.
        files += [(name, project / "src" / "portal" / name) for name in _PORTAL]
        return content_hash([*files, ("main", project / "src" / "devenv" / "backends" / "localstack_main.py")])[:12]

    def write_portal(self, settings: Mapping[str, str]) -> None:
        """Writes the file that the portal's container reads as shell variables. No variable of the container has a
        password."""
        lines = "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items())
        _write(self.instance.folder / "secrets" / "portal", lines, mode=0o444)

    def write(self, ports: Mapping[str, int]) -> None:
        """Writes the file, and the files that it names."""
        secrets = self.instance.folder / "secrets"
        secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
        secrets.chmod(0o700)
        # The user `postgres` of the container must read it; on the host the folder's mode keeps others out.
        _write(secrets / "postgres_password", InstancePasswords.of(self.instance).postgres, mode=0o444)
        if not (secrets / "portal").exists():
            self.write_portal({})  # Compose reads every variable, whichever service it starts
        passed_on = self.instance.folder / "localstack.env"
        _write(passed_on, _lines(emulator.passed_on(self.instance)), mode=0o600)
        values = {
            "COMPOSE_PROJECT_NAME": self.project,
            "MTD_PROJECT": str(self.instance.project),
            "MTD_SECRETS": str(secrets),
            "MTD_PASSED_ON": str(passed_on),
            "MTD_IMAGES": self.images,
            "MTD_USER": _USER if os.geteuid() == 0 else f"{os.geteuid()}:{os.getegid()}",
        } | {f"MTD_{name.upper()}_PORT": str(ports[name]) for name in FAMILIAR}
        _write(self.file, _lines(values), mode=0o644)


def _lines(values: Mapping[str, str]) -> str:
    """The lines of an env file; quoted, so that a dollar sign is one."""
    return "".join(f"{name}='{value}'\n" for name, value in values.items())


def _write(path: Path, text: str, *, mode: int) -> None:
    """Replaces the file; the new one has the given mode."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(mode)
    temporary.replace(path)
