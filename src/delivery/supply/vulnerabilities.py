"""Known vulnerabilities of the locked packages, by pip-audit and npm. Packages that no database knows are counted.

pip-audit also ends with 0 when its database knows none of the packages; its JSON lists the packages that it skipped.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery.supply.locks import LOCKS, read_lock

_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedLock:
    """The result for one lock file: how many of its `packages` were checked (`asked`), and their vulnerabilities
    (`known`).

    `trouble` is the reason why some packages could not be checked.
    """

    lock: str
    packages: int
    asked: int
    known: tuple[str, ...]
    trouble: str = ""


def audit(project: Path, pip_audit: Path) -> list[AuditedLock]:
    """Checks every lock file."""
    return [_npm(project, lock) if lock.endswith(".json") else _pypi(project, lock, pip_audit) for lock in LOCKS]


def _pypi(project: Path, lock: str, pip_audit: Path) -> AuditedLock:
    options = ["--disable-pip", "--no-deps", "--progress-spinner=off", "--format=json"]
    output, trouble = _run([str(pip_audit), "--requirement", str(project / lock), *options], project)
    return read_pip_audit(lock, len(read_lock(project / lock)), output, trouble)


def read_pip_audit(lock: str, packages: int, output: str, trouble: str) -> AuditedLock:
    """Reads pip-audit's JSON; `trouble` is the last line of its other output."""
    try:
        rows: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return AuditedLock(lock=lock, packages=packages, asked=0, known=(), trouble=trouble or "no answer")
    asked = [row for row in rows if "skip_reason" not in row]
    known = tuple(f"{row['name']} {row['version']}: {each['id']}" for row in asked for each in row["vulns"])
    skipped = next((str(row["skip_reason"]) for row in rows if "skip_reason" in row), "")
    return AuditedLock(lock=lock, packages=packages, asked=len(asked), known=known, trouble=skipped)


def _npm(project: Path, lock: str) -> AuditedLock:
    command = ["npm", "audit", "--package-lock-only", "--omit=dev", "--json"]
    output, trouble = _run(command, (project / lock).parent)
    return read_npm_audit(lock, len(read_lock(project / lock)), output, trouble)


def read_npm_audit(lock: str, packages: int, output: str, trouble: str) -> AuditedLock:
    """Reads npm's JSON, which has `vulnerabilities` if npm reached the registry."""
    try:
        found: dict[str, Any] = json.loads(output)["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return AuditedLock(lock=lock, packages=packages, asked=0, known=(), trouble=trouble or "no answer")
    known = tuple(f"{name} {each['range']}: {each['severity']}" for name, each in sorted(found.items()))
    return AuditedLock(lock=lock, packages=packages, asked=packages, known=known)


def _run(command: Sequence[str], folder: Path) -> tuple[str, str]:
    """The standard output of the command, and the first line of its standard error."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        return "", f"{command[0]} is not installed"
    except subprocess.TimeoutExpired:
        return "", f"{command[0]} took longer than {_SECONDS} s"
    complaints = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING:")]
    return done.stdout, complaints[0] if complaints else ""
