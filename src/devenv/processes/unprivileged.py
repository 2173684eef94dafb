"""An unprivileged account for PostgreSQL, which refuses to run as root, and folders that the account can reach."""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devenv.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`uid` and `gid` are None when the server may run as the current user."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def for_servers(cls) -> "Account":
        """The current user, or `nobody` when that is root."""
        if os.geteuid() != 0:
            return cls()
        try:
            entry = pwd.getpwnam("nobody")
        except KeyError:
            return cls(uid=65534, gid=65534)
        return cls(uid=entry.pw_uid, gid=entry.pw_gid)

    def reaches(self, path: Path, *, execute: bool = False) -> bool:
        """Whether the account can reach `path`, and run it with `execute`. A process of the account tries it."""
        if self.uid is None:
            return path.exists() and (not execute or os.access(path, os.X_OK))
        flag = "-x" if execute else "-e"
        try:
            ended = subprocess.run(
                ["/bin/sh", "-c", f'test {flag} "$1"', "sh", str(path)],
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                check=False,
            )
        except OSError:
            return False
        return ended.returncode == 0

    def own(self, path: Path) -> None:
        """Changes the owner of the file or folder to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def folder(self, preferred: Path, fallback_name: str) -> Path:
        """A folder that the account owns, mode 0700: `preferred`, or one in /var/tmp or /tmp if it cannot reach
        that."""
        for place in candidate_folders(preferred, fallback_name):
            try:
                place.mkdir(parents=True, exist_ok=True, mode=0o700)
                if self.uid is not None and place.stat().st_uid not in {0, self.uid}:
                    continue  # another user may own a folder of that name in /tmp
                self.own(place)
                place.chmod(0o700)
            except PermissionError:
                continue
            if self.reaches(place / "."):
                return place
            if not any(place.iterdir()):
                place.rmdir()
        raise Problem(
            f"An unprivileged user can reach no folder for PostgreSQL (tried {preferred}, /var/tmp and /tmp).",
            fix="Set MTD_HOME to a folder whose parent folders everybody may enter.",
        )

    def programs(self, bindir: Path, cache_name: str) -> Path:
        """`bindir`, or a copy of its installation if the account cannot run it, as in a private home directory."""
        if self.reaches(bindir / "postgres", execute=True):
            return bindir
        seed = hashlib.sha256(f"{bindir}{(bindir / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:10]
        copy = Path("/var/tmp") / f"{cache_name}-{seed}"
        if copy.exists() and copy.stat().st_uid != os.geteuid():
            raise Problem(f"{copy} belongs to another user.", fix=f"Remove {copy}.")
        if not (copy / "complete").exists():
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(bindir.parent, copy, symlinks=True)
            (copy / "complete").touch()
        copy.chmod(0o755)
        return copy / bindir.name


def candidate_folders(preferred: Path, fallback_name: str) -> list[Path]:
    """The candidate folders of a server, in order; the names of the fallbacks are derived from `preferred`."""
    seed = hashlib.sha256(str(preferred).encode()).hexdigest()[:10]
    return [preferred, *(Path(top) / f"{fallback_name}-{seed}" for top in ("/var/tmp", "/tmp"))]
