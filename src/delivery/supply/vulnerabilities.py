"""Known vulnerabilities of what the lock files pin, by pip-audit and npm; what could not be asked for is counted apart.

pip-audit ends with 0 when it found none of its packages in its database: only its JSON says so.
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
    """What was found in one lock file: how many of its `packages` a database was `asked` for, what is known of them.

    `trouble` is why not all of them could be asked for.
    """

    lock: str
    packages: int
    asked: int
    known: tuple[str, ...]
    trouble: str = ""


def audit(project: Path, pip_audit: Path) -> list[AuditedLock]:
    """Every lock file, one after the other."""
    return [_npm(project, lock) if lock.endswith(".json") else _pypi(project, lock, pip_audit) for lock in LOCKS]


def _pypi(project: Path, lock: str, pip_audit: Path) -> AuditedLock:
    options = ["--disable-pip", "--no-deps", "--progress-spinner=off", "--format=json"]
    output, trouble = _run([str(pip_audit), "--requirement", str(project / lock), *options], project)
    return read_pip_audit(lock, len(read_lock(project / lock)), output, trouble)


def read_pip_audit(lock: str, packages: int, output: str, trouble: str) -> AuditedLock:
    """pip-audit's JSON; `trouble` is the last that it said besides."""
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
    """npm's JSON; it holds `vulnerabilities` when the registry was reached."""
    try:
        found: dict[str, Any] = json.loads(output)["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return AuditedLock(lock=lock, packages=packages, asked=0, known=(), trouble=trouble or "no answer")
    known = tuple(f"{name} {each['range']}: {each['severity']}" for name, each in sorted(found.items()))
    return AuditedLock(lock=lock, packages=packages, asked=packages, known=known)


def _run(command: Sequence[str], folder: Path) -> tuple[str, str]:
    """What it printed, and the first line of what it complained of."""
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
