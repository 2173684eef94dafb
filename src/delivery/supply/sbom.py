"""The bill of materials: CycloneDX 1.6 JSON of all lock files as one.

The format is a list (cyclonedx.org/docs/1.6/json). Available tools write one document for each lock file, read npm or
PyPI but not both, and need twenty packages of their own.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delivery.supply.licences import licence_of
from delivery.supply.locks import LOCKS, LockedPackage, read_lock


def bill(project: Path, version: str) -> dict[str, Any]:
    """The document, which depends on the lock files alone. Raises Problem."""
    uses: dict[str, list[str]] = {}
    packages: dict[str, LockedPackage] = {}
    for lock in LOCKS:
        for locked in read_lock(project / lock):
            packages[locked.purl] = locked
            uses.setdefault(locked.purl, []).append(lock)
    components = [_component(packages[purl], uses[purl]) for purl in sorted(packages)]
    serial = uuid.UUID(bytes=hashlib.sha256(json.dumps(components).encode()).digest()[:16], version=4)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "mtd", "name": "mtd", "version": version}},
        "components": components,
        "dependencies": [{"ref": "mtd", "dependsOn": sorted(packages)}],
    }


def _component(locked: LockedPackage, locks: list[str]) -> Mapping[str, Any]:
    licence = licence_of(locked)
    return {
        "type": "library",
        "bom-ref": locked.purl,
        "name": locked.name,
        "version": locked.version,
        # The layer, the portal and the browser load delivered packages; all others are tools.
        "scope": "required" if any(lock in SHIPPED for lock in locks) else "excluded",
        "hashes": [{"alg": algorithm, "content": digest} for algorithm, digest in locked.hashes],
        **({"licenses": [{"license": {"name": licence}}]} if licence else {}),
        "purl": locked.purl,
        "properties": [{"name": "mtd:lock", "value": lock} for lock in locks],
    }


SHIPPED = frozenset({"src/shared/requirements.txt", "src/portal/requirements.txt", "src/portal/package-lock.json"})
