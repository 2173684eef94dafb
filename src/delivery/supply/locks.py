"""Reads the lock files: every package of the project with its version and hashes."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.problem import Problem

LOCKS: Mapping[str, str] = {
    "src/shared/requirements.txt": "the layer of all functions",
    "src/portal/requirements.txt": "the portal's image",
    "src/portal/package-lock.json": "the portal, in the browser",
    "src/legacy_simulator/requirements.txt": "the simulator of the legacy systems",
    "src/portal/node/requirements.txt": "fetching the browser's packages",
    "localstack/requirements.txt": "the emulator",
    "localstack/runtime/requirements.txt": "the functions' runtime beside the emulator",
    "localstack/debugger/requirements.txt": "functions under a debugger",
    "requirements.txt": "development and tests",
    "cloudformation/checkov/requirements.txt": "make policy",
    "tests/fuzz/requirements.txt": "make fuzz",
    "tests/fuzz/parsers/requirements.txt": "make fuzz-parsers",
    "src/delivery/supply/requirements.txt": "make audit",
}
"""Each lock file and its use. A test finds lock files that are missing here."""

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """A package at a version. `ecosystem` is `pypi` or `npm`; `licence` is what an npm lock says.

    `hashes` are (algorithm by CycloneDX's name, hex) of its files; an installer takes one of them.
    """

    ecosystem: str
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    licence: str | None = None

    @property
    def purl(self) -> str:
        """Its package URL (github.com/package-url/purl-spec)."""
        return f"pkg:{self.ecosystem}/{self.name.replace('@', '%40', 1)}@{self.version}"


def read_lock(path: Path) -> list[LockedPackage]:
    """The packages in a lock file. Raises Problem for an empty file, or a package without a hash."""
    text = path.read_text("utf-8")
    found = list(_npm(text) if path.suffix == ".json" else _pypi(text))
    bare = [each.name for each in found if not each.hashes]
    if not found or bare:
        raise Problem(f"{path} pins {', '.join(bare) or 'nothing'} without a hash.", fix="Run 'make lock'.")
    return found


def _pypi(text: str) -> Iterator[LockedPackage]:
    for entry in text.replace("\\\n", " ").splitlines():
        if match := _PIN.match(entry):
            hashes = tuple(("SHA-256", each) for each in _HASH.findall(entry))
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            yield LockedPackage(ecosystem="pypi", name=name, version=match[2], hashes=hashes)


def _npm(text: str) -> Iterator[LockedPackage]:
    for place, package in json.loads(text)["packages"].items():
        if place:
            algorithm, _, digest = package.get("integrity", "").partition("-")
            hashes = ((f"SHA-{algorithm[3:]}", base64.b64decode(digest).hex()),) if digest else ()
            yield LockedPackage(
                ecosystem="npm",
                name=place.rpartition("node_modules/")[2],
                version=package["version"],
                hashes=hashes,
                licence=package.get("license"),
            )
