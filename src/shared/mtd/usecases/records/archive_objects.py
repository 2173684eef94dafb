"""Objects of the archive. MTD writes each with its manifest, and reads it back before it deletes any row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mtd.domain.audit.archive import checksum, manifest, object_key, pack
from mtd.domain.errors import UnavailableError
from mtd.usecases.ports import Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object that S3 has."""

    key: str
    #: In hex.
    sha256: str
    bytes: int


def manifest_key(key: str) -> str:
    """The key of an object's manifest."""
    return f"{key}.manifest.json"


def keep(
    lines: Sequence[str], ended_at: datetime, order_ids: Sequence[str], events: int, objects: Objects, bucket: str
) -> StoredObject:
    """Write the lines of these orders as an object of the month of `ended_at`.

    Raises UnavailableError when S3 gives other content back.
    """
    content = pack(lines)
    key = object_key(content, ended_at)
    objects.put(bucket, key, content, "application/gzip")
    objects.put(bucket, manifest_key(key), manifest(content, order_ids, events).encode(), "application/json")
    if objects.get(bucket, key) != content:
        raise UnavailableError(f"s3://{bucket}/{key} differs from the object that was written", code="s3_unavailable")
    return StoredObject(key=key, sha256=checksum(content), bytes=len(content))
