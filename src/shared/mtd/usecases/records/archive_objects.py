"""Objects of the archive: each is written with its manifest, and read back before anything is deleted for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mtd.domain.audit.archive import checksum, manifest, object_key, pack
from mtd.domain.errors import UnavailableError
from mtd.usecases.ports import Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object that is in S3; `sha256` in hex."""

    key: str
    sha256: str
    bytes: int


def manifest_key(key: str) -> str:
    """Where the manifest of an object is."""
    return f"{key}.manifest.json"


def keep(
    lines: Sequence[str], ended_at: datetime, order_ids: Sequence[str], events: int, objects: Objects, bucket: str
) -> StoredObject:
    """Write the lines of these orders as an object of the month of `ended_at`. Raises UnavailableError when what is
    there then is not what was written."""
    content = pack(lines)
    key = object_key(content, ended_at)
    objects.put(bucket, key, content, "application/gzip")
    objects.put(bucket, manifest_key(key), manifest(content, order_ids, events).encode(), "application/json")
    if objects.get(bucket, key) != content:
        raise UnavailableError(f"s3://{bucket}/{key} differs from the object that was written", code="s3_unavailable")
    return StoredObject(key=key, sha256=checksum(content), bytes=len(content))
