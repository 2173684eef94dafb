"""Under which licence each package may be used, and whether that is one that the project takes."""

import importlib.metadata
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import cast

from delivery.supply.locks import LOCKS, Locked, read_lock

ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0",
        "MIT-CMU",
        "MPL-2.0", "OFL-1.1", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
"""SPDX identifiers. MPL-2.0 asks for changes to its own files only, and none is changed here."""

EXCEPTIONS: Mapping[str, tuple[str, str]] = {
    "psycopg": ("LGPL-3.0-only", "used as it is, as a library of its own that can be replaced: LGPL, section 4"),
    "psycopg-binary": ("LGPL-3.0-only", "as psycopg"),
    "psycopg-pool": ("LGPL-3.0-only", "as psycopg"),
    "spiffworkflow": (
        "GNU Library or Lesser General Public License (LGPL)",
        "the tests' oracle; nothing that is delivered has it",
    ),
    "docutils": (
        "PSF-2.0 AND BSD-3-Clause AND GNU General Public License (GPL)",
        "its GPL part is an editor's mode, which nothing here loads; a tool of development brings it",
    ),
    "htmx-ext-sse": ("0BSD", "its package.json names none; the file LICENSE in it is the BSD Zero Clause License"),
    "bpmn-js": ("bpmn.io", "MIT with the condition that the bpmn.io mark stays on the diagram, where it does"),
}
"""Packages whose licence is not on the list and that are taken all the same, each with the licence and the reason."""

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
"""What classifiers and free texts call them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensed:
    """A package with its licence; `why` it is taken, or None where it is not."""

    locked: Locked
    lock: str
    licence: str
    why: str | None


def licences(project: Path) -> list[Licensed]:
    """The licences of all locked packages whose metadata are at hand: npm's, and those of this environment.

    Tools in environments of their own (the emulator, checkov, …) are run and not linked with.
    """
    found: dict[str, Licensed] = {}
    for lock in LOCKS:
        for locked in read_lock(project / lock):
            if (licence := licence_of(locked)) is not None and locked.purl not in found:
                found[locked.purl] = Licensed(locked=locked, lock=lock, licence=licence, why=_why(locked, licence))
    return sorted(found.values(), key=lambda each: (each.why is not None, each.locked.ecosystem, each.locked.name))


def licence_of(locked: Locked) -> str | None:
    """The licence as its package states it, by SPDX's name where that is known; None where it is not installed here."""
    if locked.ecosystem == "npm":
        told = locked.licence or "unknown"
        return EXCEPTIONS[locked.name][0] if locked.name in EXCEPTIONS else told
    try:
        metadata = cast(Message, importlib.metadata.metadata(locked.name))
    except importlib.metadata.PackageNotFoundError:
        return None
    stated = metadata.get("License-Expression") or " AND ".join(_classified(metadata)) or _first_line(metadata)
    return stated or "unknown"


def is_allowed(expression: str) -> bool:
    """An SPDX expression: of what OR joins one is enough, of what AND joins all are needed, within parentheses too."""
    if "(" in expression:
        return all(name in ALLOWED for name in re.findall(r"[\w.+-]+", expression) if name not in ("AND", "OR", "WITH"))
    choices = (re.split(r"\bAND\b", choice) for choice in re.split(r"\bOR\b", expression))
    return any(all(part.strip() in ALLOWED for part in choice) for choice in choices)


def _why(locked: Locked, licence: str) -> str | None:
    if is_allowed(licence):
        return ""
    kept, why = EXCEPTIONS.get(locked.name, (None, None))
    return why if kept == licence else None


def _classified(metadata: Message) -> Iterable[str]:
    told = (str(each) for each in metadata.get_all("Classifier", []))
    names = [each.rpartition(" :: ")[2] for each in told if each.startswith("License :: ") and each.count("::") > 1]
    return [_SPDX.get(name.lower(), name) for name in names]


def _first_line(metadata: Message) -> str:
    line = str(metadata.get("License") or "").strip().partition("\n")[0]
    return _SPDX.get(line.lower(), line[:60])
