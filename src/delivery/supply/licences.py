"""The licence of each locked package, and whether the project accepts it."""

import importlib.metadata
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import cast

from delivery.supply.locks import LOCKS, LockedPackage, read_lock

ALLOWED = frozenset(
    (
        "0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause CC0-1.0 CNRI-Python ISC MIT MIT-0 MIT-CMU MPL-2.0 "
        "OFL-1.1 PSF-2.0 Python-2.0 Unlicense Zlib"
    ).split()
)
"""SPDX identifiers. MPL-2.0 covers changed files of the package only, and the project changes none."""

EXCEPTIONS: Mapping[str, tuple[str, str]] = {
    "psycopg": ("LGPL-3.0-only", "used as it is, as a library of its own that can be replaced: LGPL, section 4"),
    "psycopg-binary": ("LGPL-3.0-only", "as psycopg"),
    "psycopg-pool": ("LGPL-3.0-only", "as psycopg"),
    "spiffworkflow": (
        "GNU Library or Lesser General Public License (LGPL)",
        "the oracle of tests; no delivered package depends on it",
    ),
    "docutils": (
        "PSF-2.0 AND BSD-3-Clause AND GNU General Public License (GPL)",
        "its GPL part is a mode for an editor, which nothing loads; a development tool depends on it",
    ),
    "htmx-ext-sse": ("0BSD", "its package.json names no licence; its file LICENSE is the BSD Zero Clause License"),
    "bpmn-js": ("bpmn.io", "MIT, on condition that the bpmn.io mark stays on the diagram, which it does"),
}
"""Packages that the project accepts although their licence is not on the list: (licence, reason)."""

_SPDX = {
    "apache license 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "public domain": "Unlicense",
    "python software foundation license": "PSF-2.0",
    "sil open font license 1.1 (ofl-1.1)": "OFL-1.1",
    "the unlicense (unlicense)": "Unlicense",
}
"""SPDX identifiers by the names in classifiers and free texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageLicence:
    """A package with its licence. `why` is the reason to accept it, or None if it is not accepted."""

    locked: LockedPackage
    lock: str
    licence: str
    why: str | None


def licences(project: Path) -> list[PackageLicence]:
    """The licences of all locked packages with known metadata: npm packages, and packages of this environment.

    Tools in environments of their own (the emulator, checkov, …) are not linked with.
    """
    found: dict[str, PackageLicence] = {}
    for lock in LOCKS:
        for locked in read_lock(project / lock):
            if (licence := licence_of(locked)) is not None and locked.purl not in found:
                why = _why(locked, licence)
                found[locked.purl] = PackageLicence(locked=locked, lock=lock, licence=licence, why=why)
    return sorted(found.values(), key=lambda each: (each.why is not None, each.locked.ecosystem, each.locked.name))


def licence_of(locked: LockedPackage) -> str | None:
    """The licence that the package states, as an SPDX identifier if possible; None if the package is not installed."""
    if locked.ecosystem == "npm":
        named = locked.licence or "unknown"
        return EXCEPTIONS[locked.name][0] if locked.name in EXCEPTIONS else named
    try:
        metadata = cast(Message, importlib.metadata.metadata(locked.name))
    except importlib.metadata.PackageNotFoundError:
        return None
    stated = metadata.get("License-Expression") or " AND ".join(_classified(metadata)) or _first_line(metadata)
    return stated or "unknown"


def is_allowed(expression: str) -> bool:
    """Evaluates an SPDX expression: OR needs one accepted licence, AND needs all; parentheses group."""
    if "(" in expression:
        return all(name in ALLOWED for name in re.findall(r"[\w.+-]+", expression) if name not in ("AND", "OR", "WITH"))
    choices = (re.split(r"\bAND\b", choice) for choice in re.split(r"\bOR\b", expression))
    return any(all(part.strip() in ALLOWED for part in choice) for choice in choices)


def _why(locked: LockedPackage, licence: str) -> str | None:
    if is_allowed(licence):
        return ""
    kept, why = EXCEPTIONS.get(locked.name, (None, None))
    return why if kept == licence else None


def _classified(metadata: Message) -> Iterable[str]:
    classifiers = (str(each) for each in metadata.get_all("Classifier", []))
    names = [
        each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ") and each.count("::") > 1
    ]
    return [_SPDX.get(name.lower(), name) for name in names]


def _first_line(metadata: Message) -> str:
    line = str(metadata.get("License") or "").strip().partition("\n")[0]
    return _SPDX.get(line.lower(), line[:60])
