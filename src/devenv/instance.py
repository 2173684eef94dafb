"""One instance of the developer environment: its folders, and its settings in environment variables."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.problem import Problem

REGION = "us-west-2"
ACCOUNT = "000000000000"
ENVIRONMENT = "local"
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One copy of the system. It writes into `folder`, except for builds and environments, which instances share."""

    name: str
    project: Path
    environ: Mapping[str, str]

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, project: Path = PROJECT) -> "Instance":
        """Reads MTD_INSTANCE (default `dev`). Raises Problem for a name that cannot name a folder."""
        values = os.environ if environ is None else environ
        name = values.get("MTD_INSTANCE") or "dev"
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name) or name in {"venvs", "build"}:
            raise Problem(
                f"MTD_INSTANCE must be the name of an instance, and '{name}' cannot be one.",
                fix="Use up to 40 lower-case letters, digits, '-' or '_', not 'venvs' or 'build'.",
            )
        return cls(name=name, project=project, environ=values)

    @property
    def base(self) -> Path:
        """The folder of all instances: `.mtd`, or MTD_HOME."""
        return Path(self.environ.get("MTD_HOME") or self.project / ".mtd").absolute()

    @property
    def folder(self) -> Path:
        return self.base / self.name

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def requests(self) -> Path:
        """The supervisor's requests: one file for each process that should run."""
        return self.folder / "run"

    @property
    def build(self) -> Path:
        return self.base / "build"

    @property
    def venvs(self) -> Path:
        return self.base / "venvs"

    @property
    def stack(self) -> str:
        return f"mtd-{ENVIRONMENT}"

    def setting(self, name: str) -> str:
        """The environment variable `name`, or an empty string."""
        return self.environ.get(name, "")

    def command(self, words: str) -> str:
        """The command line for this instance, for messages."""
        prefix = "" if self.name == "dev" else f"MTD_INSTANCE={self.name} "
        return f"{prefix}{words}"
